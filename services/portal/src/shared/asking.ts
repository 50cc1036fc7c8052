// Asks the interface in a user's name.
import type { Problem } from "./client"

// Asks with the user's token.
export type Ask = <T>(question: (token: string) => Promise<T>) => Promise<T>

// A token is kept until it is refused; then one is asked for anew, once for each question, and once
// for all questions that wait for it. sign: asks for a token.
export function asking(sign: () => Promise<string>): Ask {
  let token: Promise<string> | undefined
  const renew = () => {
    token = sign().catch(cause => {
      token = undefined
      throw cause
    })
    return token
  }
  return async question => {
    const used = token ?? renew()
    try {
      return await question(await used)
    } catch (cause) {
      if ((cause as Partial<Problem> | undefined)?.status !== 401) throw cause
      return question(await (token === undefined || token === used ? renew() : token))
    }
  }
}
