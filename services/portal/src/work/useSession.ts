import { useEffect, useMemo, useState } from "react"
import { urlParameter } from "../shared/address"
import { type Ask, asking } from "../shared/asking"
import { wordsOf } from "../shared/client"
import { listUsers, requestToken, type User } from "../shared/deployment"
import { say } from "./pages"

export interface Session {
  users: User[]
  user: User | undefined
  // The page may be read: somebody is signed in, or nobody needs to be.
  ready: boolean
  error: string
  ask: Ask
  may: (role: string) => boolean
}

// Who works on a page: the demo user that the address names, who is told where it is not open to
// them; else the first who may. A token that has run out is asked for anew once.
export function useSession(roles: readonly string[]): Session {
  const [users, setUsers] = useState<User[]>([])
  const [user, setUser] = useState<User>()
  const [error, setError] = useState("")

  useEffect(() => {
    if (!roles.length) return
    listUsers().then(
      all => {
        const able = all.filter(one => one.roles.some(role => roles.includes(role)))
        const named = all.find(one => one.username === urlParameter("user"))
        const chosen = named ?? able[0]
        setUsers(named && !able.includes(named) ? [named, ...able] : able)
        setUser(chosen)
        if (!chosen) setError(say("没有可用的登录身份", "nobody can sign in here who may do this"))
        else if (!able.includes(chosen))
          setError(say(`${chosen.title}不能使用此页面`, `${chosen.title} may not use this page`))
      },
      cause => setError(wordsOf(cause)),
    )
  }, [roles])

  const username = user?.username ?? ""
  const ask = useMemo(
    () => asking(async () => (username ? requestToken(username) : "")),
    [username],
  )
  const may = (role: string) => user?.roles.includes(role) ?? false
  const ready = !roles.length || roles.some(may)
  return { users, user, ready, error, ask, may }
}
