import { useEffect, useState } from "react"
import { languageOfUrl } from "../shared/address"
import { authorization, client, dataOf, type Schemas } from "../shared/client"
import type { Session } from "../work/useSession"

// How the catalogue names an item of service; its code until that is read.
export function useItemNames({
  ask,
  ready,
}: Session): (code: string | undefined) => string | undefined {
  const [items, setItems] = useState<Schemas["dispatch.v1.Item"][]>([])
  useEffect(() => {
    if (!ready) return
    ask(async token =>
      dataOf(await client.GET("/v1/catalogue", { headers: authorization(token) })),
    ).then(
      page => setItems(page.rows),
      () => setItems([]),
    )
  }, [ask, ready])
  const zh = languageOfUrl() === "zh"
  return code => {
    const item = items.find(one => one.item_code === code)
    return item ? (zh ? item.name_zh : item.name_en) : code
  }
}
