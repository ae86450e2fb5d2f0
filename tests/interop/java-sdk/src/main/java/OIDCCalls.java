import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.sso.DeleteConnectionRequest;
import com.stytch.java.b2b.models.sso.GetConnectionsRequest;
import com.stytch.java.b2b.models.ssooidc.CreateConnectionRequest;
import com.stytch.java.b2b.models.ssooidc.CreateConnectionRequestIdentityProvider;
import com.stytch.java.b2b.models.ssooidc.UpdateConnectionRequest;

final class OIDCCalls {
  /** Leaves one connection, which is active. */
  static void setUp(
      StytchB2BClient stytch, String organization, String issuer, String client_id, String secret)
      throws Exception {
    var sso = stytch.getSso();
    var oidc = sso.getOidc();
    var entra = CreateConnectionRequestIdentityProvider.MICROSOFTENTRA;
    var request = new CreateConnectionRequest(organization, "Entra", entra);
    var created = Answers.print("create", oidc.createConnectionCompletable(request, null));
    var id = created.getConnection().getConnectionId();
    var change = new UpdateConnectionRequest(organization, id, "Test IdP", client_id, secret, issuer);
    Answers.print("update", oidc.updateConnectionCompletable(change, null));

    var shortest = new CreateConnectionRequest(organization);
    var spare = Answers.print("create of another", oidc.createConnectionCompletable(shortest, null));
    var unwanted =
        new DeleteConnectionRequest(organization, spare.getConnection().getConnectionId());
    Answers.print("deleteConnection", sso.deleteConnectionCompletable(unwanted, null));
    var all = new GetConnectionsRequest(organization);
    Answers.print("getConnections", sso.getConnectionsCompletable(all, null));
  }

  private OIDCCalls() {}
}
