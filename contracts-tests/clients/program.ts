// What a firm's software does first, over the generated client: CITY LATER TOKEN ORDER_ID.
import { ComplaintsApi, Configuration, EldersApi, ProblemFromJSON, ResponseError } from "./index"

declare const process: { argv: string[] }

const [city, later, token, orderId] = process.argv.slice(2)

function configuration(address: string): Configuration {
  return new Configuration({ basePath: address, accessToken: token })
}

async function main(): Promise<void> {
  const elders = new EldersApi(configuration(city))
  console.log("elders", (await elders.assessmentV1EldersList({ limit: 3 })).rows?.length)
  const filed = await new ComplaintsApi(configuration(city)).supervisionV1ComplaintsFile({
    idempotencyKey: crypto.randomUUID(),
    supervisionV1FileComplaint: { orderId, channel: "CHANNEL_HOTLINE" },
  })
  console.log("complaint of", filed.orderId)
  try {
    await elders.assessmentV1EldersList({ name: "\u202e" })
  } catch (refused) {
    const { response } = refused as ResponseError
    const problem = ProblemFromJSON(await response.json())
    console.log("problem", response.status, problem.reason, problem.errors?.[0].field)
  }
  if (later !== "-") {
    const there = new EldersApi(configuration(later))
    const { rows } = await there.assessmentV1EldersList({ limit: 3 })
    console.log("later", rows?.[0]?.elder?.living)
  }
}

main()
