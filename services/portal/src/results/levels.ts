// Levels of GB/T 42195-2022, as the norm names them.
import { say } from "../work/pages"

export function levelName(level: number | undefined): string {
  switch (level) {
    case 0:
      return say("能力完好", "intact (0)")
    case 1:
      return say("轻度失能", "mild loss (1)")
    case 2:
      return say("中度失能", "moderate loss (2)")
    case 3:
      return say("重度失能", "severe loss (3)")
    case 4:
      return say("完全失能", "total loss (4)")
    default:
      return "—"
  }
}
