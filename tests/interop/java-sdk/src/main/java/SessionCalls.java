import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.sessions.AuthenticateRequest;
import com.stytch.java.b2b.models.sessions.GetRequest;
import com.stytch.java.b2b.models.sessions.RevokeRequest;
import com.stytch.java.b2b.models.sso.AuthenticateRequestLocale;
import java.util.Map;

final class SessionCalls {
  /** With a locale that the SDK writes without its hyphen, and a token that is used up by the first call. */
  static void login(StytchB2BClient stytch, String sso_token) throws Exception {
    var locale = AuthenticateRequestLocale.PTBR;
    var request =
        new com.stytch.java.b2b.models.sso.AuthenticateRequest(
            sso_token, null, null, null, 60, Map.of("plan", "gold"), locale);
    Answers.print("sso.authenticate", stytch.getSso().authenticateCompletable(request));
    Answers.print("sso.authenticate again", stytch.getSso().authenticateCompletable(request));
  }

  static void lifecycle(StytchB2BClient stytch, String sso_token) throws Exception {
    var sessions = stytch.getSessions();
    var request = new com.stytch.java.b2b.models.sso.AuthenticateRequest(sso_token);
    var login = Answers.print("login", stytch.getSso().authenticateCompletable(request));
    var byToken = new AuthenticateRequest(login.getSessionToken(), 90);
    var byJWT = new AuthenticateRequest(null, null, login.getSessionJWT());
    Answers.print("authenticate by token", sessions.authenticateCompletable(byToken));
    Answers.print("authenticate by JWT", sessions.authenticateCompletable(byJWT));
    var all = new GetRequest(login.getOrganizationId(), login.getMemberId());
    Answers.print("get", sessions.getCompletable(all));

    var revocation = new RevokeRequest(null, login.getSessionToken());
    Answers.print("revoke", sessions.revokeCompletable(revocation, null));
    Answers.print("authenticate by revoked token", sessions.authenticateCompletable(byToken));
    Answers.print("authenticate by revoked JWT", sessions.authenticateCompletable(byJWT));
    Answers.print("get once revoked", sessions.getCompletable(all));
  }

  private SessionCalls() {}
}
