import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.rbac.PolicyRequest;
import com.stytch.java.b2b.models.rbacorganizations.GetOrgPolicyRequest;
import com.stytch.java.b2b.models.sessions.AuthorizationCheck;
import com.stytch.java.b2b.models.sso.AuthenticateRequest;
import com.stytch.java.b2b.models.sso.GetConnectionsRequest;
import com.stytch.java.b2b.models.sso.GetConnectionsRequestOptions;
import com.stytch.java.common.methodoptions.Authorization;

final class PermissionCalls {
  /** What an administrator may do in its organization, judged by the server, and by the SDK with the server's policy. */
  static void check(StytchB2BClient stytch, String sso_token) throws Exception {
    var rbac = stytch.getRbac();
    var login = stytch.getSso().authenticateCompletable(new AuthenticateRequest(sso_token));
    var admin = Answers.print("login", login);
    var organization = admin.getOrganizationId();
    Answers.print("policy", rbac.policyCompletable(new PolicyRequest()));
    var own = new GetOrgPolicyRequest(organization);
    Answers.print("organization's policy", rbac.getOrganizations().getOrgPolicyCompletable(own));

    var allowed = new AuthorizationCheck(organization, "stytch.sso", "update");
    var refused = new AuthorizationCheck(organization, "documents", "shred");
    var foreign = new AuthorizationCheck("organization-test-another", "stytch.sso", "update");
    authorize(stytch, admin.getSessionJWT(), "allowed", allowed);
    authorize(stytch, admin.getSessionJWT(), "refused", refused);
    authorize(stytch, admin.getSessionJWT(), "foreign", foreign);

    var sso = stytch.getSso();
    var all = new GetConnectionsRequest(organization);
    var asAdmin = new GetConnectionsRequestOptions(new Authorization(admin.getSessionToken(), null));
    var asNobody = new GetConnectionsRequestOptions(new Authorization("not-one", null));
    Answers.print("getConnections as admin", sso.getConnectionsCompletable(all, asAdmin));
    Answers.print("getConnections as nobody", sso.getConnectionsCompletable(all, asNobody));
  }

  private static void authorize(
      StytchB2BClient stytch, String jwt, String name, AuthorizationCheck check) throws Exception {
    var sessions = stytch.getSessions();
    var request =
        new com.stytch.java.b2b.models.sessions.AuthenticateRequest(null, null, jwt, null, check);
    Answers.print(name + " by the server", sessions.authenticateCompletable(request));
    Answers.print(name + " locally", sessions.authenticateJwtLocalCompletable(jwt, null, check, 0));
  }

  private PermissionCalls() {}
}
