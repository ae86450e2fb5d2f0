import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.organizations.CreateRequest;
import com.stytch.java.b2b.models.organizations.DeleteRequest;
import com.stytch.java.b2b.models.organizations.GetRequest;
import com.stytch.java.b2b.models.organizations.SearchQuery;
import com.stytch.java.b2b.models.organizations.SearchQueryOperator;
import com.stytch.java.b2b.models.organizations.SearchRequest;
import com.stytch.java.b2b.models.organizations.UpdateRequest;
import java.util.List;
import java.util.Map;

final class OrganizationCalls {
  static void lifecycle(StytchB2BClient stytch, String slug) throws Exception {
    var organizations = stytch.getOrganizations();
    var request = new CreateRequest("Globex", slug);
    var created = Answers.print("create", organizations.createCompletable(request));
    var id = created.getOrganization().getOrganizationId();
    Answers.print("get by id", organizations.getCompletable(new GetRequest(id)));
    Answers.print("get by slug", organizations.getCompletable(new GetRequest(slug)));

    var tier = Map.of("tier", "gold");
    var domains = List.of("globex.test");
    var change =
        new UpdateRequest(
            id, "Globex Corporation", null, null, tier, "crm-" + slug, null, "NOT_ALLOWED", null,
            domains, "RESTRICTED", "ALL_ALLOWED");
    Answers.print("update", organizations.updateCompletable(change, null));

    var operand = Map.of("filter_name", "organization_slugs", "filter_value", List.of(slug));
    var query = new SearchQuery(SearchQueryOperator.AND, List.of(operand));
    Answers.print("search", organizations.searchCompletable(new SearchRequest(null, 10L, query)));

    Answers.print("delete", organizations.deleteCompletable(new DeleteRequest(id), null));
    Answers.print("get once deleted", organizations.getCompletable(new GetRequest(id)));
  }

  /** By the shortest constructor: every list that is not given goes out as an empty one. */
  static void rename(StytchB2BClient stytch, String id, String name) throws Exception {
    var request = new UpdateRequest(id, name);
    Answers.print("rename", stytch.getOrganizations().updateCompletable(request, null));
  }

  private OrganizationCalls() {}
}
