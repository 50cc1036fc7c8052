import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { BoardPage } from "../board/BoardPage"
import { urlParameter } from "../board/view"
import { LifeEventsPage } from "../persons/LifeEventsPage"

const root = document.getElementById("root")
if (!root) throw new Error("index.html has no element #root")
createRoot(root).render(
  <StrictMode>
    {urlParameter("page") === "life-events" ? <LifeEventsPage /> : <BoardPage />}
  </StrictMode>,
)
