import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.sso.DeleteConnectionRequest;
import com.stytch.java.b2b.models.sso.GetConnectionsRequest;
import com.stytch.java.b2b.models.sso.SAMLConnectionImplicitRoleAssignment;
import com.stytch.java.b2b.models.ssosaml.CreateConnectionRequest;
import com.stytch.java.b2b.models.ssosaml.CreateConnectionRequestIdentityProvider;
import com.stytch.java.b2b.models.ssosaml.DeleteVerificationCertificateRequest;
import com.stytch.java.b2b.models.ssosaml.UpdateByURLRequest;
import com.stytch.java.b2b.models.ssosaml.UpdateConnectionRequest;
import java.util.List;
import java.util.Map;

final class SAMLCalls {
  /** Leaves one connection, which is active, and makes those who log in over it administrators. */
  static void setUp(StytchB2BClient stytch, String organization, String metadata, String another)
      throws Exception {
    var sso = stytch.getSso();
    var saml = sso.getSaml();
    var entra = CreateConnectionRequestIdentityProvider.MICROSOFTENTRA;
    var request = new CreateConnectionRequest(organization, "Entra", entra);
    var created = Answers.print("create", saml.createConnectionCompletable(request, null));
    var id = created.getConnection().getConnectionId();

    var mapping = Map.of("email", "email", "first_name", "firstName", "last_name", "lastName");
    var change = new UpdateConnectionRequest(organization, id, null, "Test IdP", mapping, another);
    var changed = Answers.print("update", saml.updateConnectionCompletable(change, null));
    var certificate = changed.getConnection().getVerificationCertificates().get(0).getCertificateId();
    var byURL = new UpdateByURLRequest(organization, id, metadata);
    Answers.print("updateByURL", saml.updateByURLCompletable(byURL, null));
    var old = new DeleteVerificationCertificateRequest(organization, id, certificate);
    Answers.print(
        "deleteVerificationCertificate", saml.deleteVerificationCertificateCompletable(old, null));

    var admins = List.of(new SAMLConnectionImplicitRoleAssignment("stytch_admin"));
    var roles =
        new UpdateConnectionRequest(organization, id, null, null, Map.of(), null, null, admins);
    Answers.print("update of roles", saml.updateConnectionCompletable(roles, null));

    var shortest = new CreateConnectionRequest(organization);
    var spare = Answers.print("create of another", saml.createConnectionCompletable(shortest, null));
    var all = new GetConnectionsRequest(organization);
    Answers.print("getConnections", sso.getConnectionsCompletable(all, null));
    var unwanted =
        new DeleteConnectionRequest(organization, spare.getConnection().getConnectionId());
    Answers.print("deleteConnection", sso.deleteConnectionCompletable(unwanted, null));
    Answers.print("getConnections once deleted", sso.getConnectionsCompletable(all, null));
  }

  private SAMLCalls() {}
}
