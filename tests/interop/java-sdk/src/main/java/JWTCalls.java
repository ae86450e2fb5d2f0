import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.b2b.models.sessions.GetJWKSRequest;
import com.stytch.java.b2b.models.sessions.RevokeRequest;
import com.stytch.java.b2b.models.sso.AuthenticateRequest;

final class JWTCalls {
  /** The SDK fetches the keys of the server by itself, and asks it nothing else about a token that is good. */
  static void check(StytchB2BClient stytch, String sso_token, String project_id) throws Exception {
    var sessions = stytch.getSessions();
    Answers.print("getJWKS", sessions.getJWKSCompletable(new GetJWKSRequest(project_id)));
    var request = new AuthenticateRequest(sso_token);
    var login = Answers.print("login", stytch.getSso().authenticateCompletable(request));
    var jwt = login.getSessionJWT();
    Answers.print("local", sessions.authenticateJwtLocalCompletable(jwt, null, null, 0));
    Answers.print("local or remote", sessions.authenticateJwtCompletable(jwt, null, null));
    Answers.print("local, too old", sessions.authenticateJwtLocalCompletable(jwt, 0, null, 0));
    var forged = forge(jwt);
    Answers.print("local, forged", sessions.authenticateJwtLocalCompletable(forged, null, null, 0));
    Answers.print("local or remote, forged", sessions.authenticateJwtCompletable(forged, null, null));

    var revocation = new RevokeRequest(null, login.getSessionToken());
    Answers.print("revoke", sessions.revokeCompletable(revocation, null));
    Answers.print("local, revoked", sessions.authenticateJwtLocalCompletable(jwt, null, null, 0));
    Answers.print("remote, revoked", sessions.authenticateJwtCompletable(jwt, 0, null));
  }

  /** Another first character in the signature. */
  private static String forge(String jwt) {
    var at = jwt.lastIndexOf('.') + 1;
    return jwt.substring(0, at) + (jwt.charAt(at) == 'A' ? 'B' : 'A') + jwt.substring(at + 1);
  }

  private JWTCalls() {}
}
