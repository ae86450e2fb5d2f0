import com.squareup.moshi.FromJson;
import com.squareup.moshi.Moshi;
import com.squareup.moshi.ToJson;
import com.squareup.moshi.Types;
import com.stytch.java.common.StytchException;
import com.stytch.java.common.StytchResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Answers of the SDK as lines of JSON. */
final class Answers {
  private static final Moshi moshi = new Moshi.Builder().add(new Times()).build();

  /**
   * Waits for an answer, prints it, and returns it: {@code answer} is what the SDK has decoded, {@code error} the
   * API's error as the SDK types it, {@code failure} the reason why the SDK has neither. Returns null for both.
   */
  static <T> T print(String call, CompletableFuture<StytchResult<T>> answer) throws Exception {
    var line = new LinkedHashMap<String, Object>();
    line.put("call", call);
    T decoded = null;
    StytchResult<T> result = answer.get();
    if (result instanceof StytchResult.Success<T> success) {
      decoded = success.getValue();
      line.put("answer", json(decoded));
    } else {
      var error = ((StytchResult.Error) (StytchResult<?>) result).getException();
      if (error instanceof StytchException.Response response) line.put("error", json(response.getReason()));
      else line.put("failure", reasons((Throwable) error.getReason()));
    }
    var type = Types.newParameterizedType(Map.class, String.class, Object.class);
    System.out.println(moshi.adapter(type).toJson(line));
    return decoded;
  }

  @SuppressWarnings("unchecked")
  private static Object json(Object decoded) {
    return moshi.adapter((Class<Object>) decoded.getClass()).toJsonValue(decoded);
  }

  private static List<String> reasons(Throwable thrown) {
    var reasons = new ArrayList<String>();
    for (var cause = thrown; cause != null; cause = cause.getCause()) reasons.add(cause.toString());
    return reasons;
  }

  static final class Times {
    @ToJson
    String write(Instant time) {
      return time.toString();
    }

    @FromJson
    Instant read(String time) {
      return Instant.parse(time);
    }
  }

  private Answers() {}
}
