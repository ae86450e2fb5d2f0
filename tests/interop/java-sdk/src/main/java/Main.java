import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.common.OptionalClientConfig;

/**
 * Makes the calls of one subject by Stytch's SDK, and prints each answer as a line of JSON, under a name and as the
 * SDK has decoded it. The test beside this project says what must be in them.
 */
final class Main {
  static final String base_url = System.getenv("STYTCH_BASE_URL");
  static final String project_id = System.getenv("STYTCH_PROJECT_ID");
  static final String secret = System.getenv("STYTCH_SECRET");

  public static void main(String[] args) throws Exception {
    try (var stytch = client(base_url, secret)) {
      switch (args[0]) {
        case "organizations" -> OrganizationCalls.lifecycle(stytch, args[1]);
        case "rename" -> OrganizationCalls.rename(stytch, args[1], args[2]);
        case "members" -> MemberCalls.lifecycle(stytch, args[1]);
        case "reactivate" -> MemberCalls.reactivate(stytch, args[1], args[2]);
        case "saml" -> SAMLCalls.setUp(stytch, args[1], args[2], args[3]);
        case "oidc" -> OIDCCalls.setUp(stytch, args[1], args[2], args[3], args[4]);
        case "login" -> SessionCalls.login(stytch, args[1]);
        case "sessions" -> SessionCalls.lifecycle(stytch, args[1]);
        case "jwt" -> JWTCalls.check(stytch, args[1], project_id);
        case "permissions" -> PermissionCalls.check(stytch, args[1]);
        case "refusals" -> RefusalCalls.refused(stytch, args[1]);
        default -> throw new IllegalArgumentException("There are no calls about " + args[0] + ".");
      }
    }
  }

  /** As the SDK's documentation makes one, but for the address. */
  static StytchB2BClient client(String address, String secret) {
    var config = new OptionalClientConfig(address);
    return new StytchB2BClient(project_id, secret, config);
  }

  private Main() {}
}
