import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.organizations.SearchQuery;
import com.stytch.java.b2b.models.organizations.SearchQueryOperator;
import com.stytch.java.b2b.models.organizationsmembers.CreateRequest;
import com.stytch.java.b2b.models.organizationsmembers.DangerouslyGetRequest;
import com.stytch.java.b2b.models.organizationsmembers.DeleteRequest;
import com.stytch.java.b2b.models.organizationsmembers.GetRequest;
import com.stytch.java.b2b.models.organizationsmembers.ReactivateRequest;
import com.stytch.java.b2b.models.organizationsmembers.SearchRequest;
import com.stytch.java.b2b.models.organizationsmembers.UpdateRequest;
import java.util.List;
import java.util.Map;

final class MemberCalls {
  static void lifecycle(StytchB2BClient stytch, String organization) throws Exception {
    var members = stytch.getOrganizations().getMembers();
    var email = "Grace.Hopper+navy@acme.test";
    var theme = Map.of("theme", "dark");
    var admin = List.of("stytch_admin");
    var request =
        new CreateRequest(
            organization, email, "Grace Hopper", Map.of(), theme, null, null, null, null, admin, "crm-grace");
    var id = Answers.print("create", members.createCompletable(request, null)).getMemberId();
    Answers.print("get by id", members.getCompletable(new GetRequest(organization, id)));
    Answers.print("get by email", members.getCompletable(new GetRequest(organization, null, email)));
    Answers.print("dangerouslyGet", members.dangerouslyGetCompletable(new DangerouslyGetRequest(id)));

    var keepingRoles =
        new UpdateRequest(organization, id, "Rear Admiral Hopper", null, null, null, null, null, null);
    Answers.print("update without roles", members.updateCompletable(keepingRoles, null));
    var emptyRoles = new UpdateRequest(organization, id, "Amazing Grace");
    Answers.print("update with empty roles", members.updateCompletable(emptyRoles, null));

    var operand = Map.of("filter_name", "member_emails", "filter_value", List.of(email));
    var query = new SearchQuery(SearchQueryOperator.OR, List.of(operand));
    var search = new SearchRequest(List.of(organization), null, 10L, query);
    Answers.print("search", members.searchCompletable(search, null));

    Answers.print("delete", members.deleteCompletable(new DeleteRequest(organization, id), null));
    Answers.print("get once deleted", members.getCompletable(new GetRequest(organization, id)));
    var deleted = new DangerouslyGetRequest(id, true);
    Answers.print("dangerouslyGet once deleted", members.dangerouslyGetCompletable(deleted));
  }

  static void reactivate(StytchB2BClient stytch, String organization, String id) throws Exception {
    var members = stytch.getOrganizations().getMembers();
    Answers.print("delete", members.deleteCompletable(new DeleteRequest(organization, id), null));
    var request = new ReactivateRequest(organization, id);
    Answers.print("reactivate", members.reactivateCompletable(request, null));
    Answers.print("get", members.getCompletable(new GetRequest(organization, id)));
  }

  private MemberCalls() {}
}
