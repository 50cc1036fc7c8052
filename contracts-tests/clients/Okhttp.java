import java.util.UUID;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.ComplaintsApi;
import org.openapitools.client.api.EldersApi;
import org.openapitools.client.model.Problem;
import org.openapitools.client.model.SupervisionV1FileComplaint;

/** What a firm's software does first, over the generated client: CITY LATER TOKEN ORDER_ID. */
public class Okhttp {
  public static void main(String[] given) throws Exception {
    ApiClient city = client(given[0], given[2]);
    EldersApi elders = new EldersApi(city);
    System.out.println("elders " + elders.assessmentV1EldersList().limit(3).execute().getRows().size());
    SupervisionV1FileComplaint complaint =
        new SupervisionV1FileComplaint()
            .orderId(UUID.fromString(given[3]))
            .channel(SupervisionV1FileComplaint.ChannelEnum.CHANNEL_HOTLINE);
    String key = UUID.randomUUID().toString();
    System.out.println(
        "complaint of " + new ComplaintsApi(city).supervisionV1ComplaintsFile(key, complaint).execute().getOrderId());
    try {
      elders.assessmentV1EldersList().name("\u202e").execute();
    } catch (ApiException refused) {
      Problem problem = Problem.fromJson(refused.getResponseBody());
      System.out.println(
          "problem " + refused.getCode() + " " + problem.getReason() + " " + problem.getErrors().get(0).getField());
    }
    if (!given[1].equals("-")) {
      EldersApi there = new EldersApi(client(given[1], given[2]));
      System.out.println(
          "later " + there.assessmentV1EldersList().limit(3).execute().getRows().get(0).getElder().getLiving());
    }
    city.getHttpClient().dispatcher().executorService().shutdown();
  }

  private static ApiClient client(String address, String token) {
    ApiClient client = new ApiClient().setBasePath(address);
    client.setBearerToken(token);
    return client;
  }
}
