import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.organizations.CreateRequest;
import com.stytch.java.b2b.models.organizations.GetRequest;
import com.stytch.java.b2b.models.sso.AuthenticateRequest;
import com.stytch.java.b2b.models.ssosaml.UpdateConnectionRequest;
import com.stytch.java.consumer.models.debug.WhoamiRequest;

final class RefusalCalls {
  static void refused(StytchB2BClient stytch, String organization) throws Exception {
    var organizations = stytch.getOrganizations();
    Answers.print("whoami", stytch.getDebug().whoamiCompletable(new WhoamiRequest()));
    try (var slash = Main.client(Main.base_url + "/", Main.secret)) {
      var who = slash.getDebug().whoamiCompletable(new WhoamiRequest());
      Answers.print("whoami at an address that ends in a slash", who);
    }
    try (var stranger = Main.client(Main.base_url, "secret-test-that-is-wrong")) {
      Answers.print("wrong secret", stranger.getDebug().whoamiCompletable(new WhoamiRequest()));
    }
    Answers.print("unknown organization", organizations.getCompletable(new GetRequest("nobody")));
    Answers.print("no name", organizations.createCompletable(new CreateRequest("")));
    var never = new AuthenticateRequest("never-issued");
    Answers.print("unknown token", stytch.getSso().authenticateCompletable(never));
    var nowhere = new UpdateConnectionRequest(organization, "saml-connection-test-0");
    Answers.print(
        "unknown connection", stytch.getSso().getSaml().updateConnectionCompletable(nowhere, null));
  }

  private RefusalCalls() {}
}
