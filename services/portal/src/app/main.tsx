import { type ComponentType, lazy, StrictMode, Suspense } from "react"
import { createRoot } from "react-dom/client"
import { urlParameter } from "../shared/address"

type Loaded = Promise<{ default: ComponentType }>

// Each page is a file of its own, fetched when it is opened.
const PAGES: Record<string, () => Loaded> = {
  "": async () => ({ default: (await import("../board/BoardPage")).BoardPage }),
  "life-events": async () => ({
    default: (await import("../persons/LifeEventsPage")).LifeEventsPage,
  }),
  imports: async () => ({ default: (await import("../persons/ImportsPage")).ImportsPage }),
  results: async () => ({ default: (await import("../results/ResultsPage")).ResultsPage }),
  publicity: async () => ({ default: (await import("../results/PublicityPage")).PublicityPage }),
  offers: async () => ({ default: (await import("../visits/OffersPage")).OffersPage }),
  "back-entries": async () => ({
    default: (await import("../visits/BackEntriesPage")).BackEntriesPage,
  }),
  settlements: async () => ({
    default: (await import("../visits/SettlementsPage")).SettlementsPage,
  }),
  payments: async () => ({ default: (await import("../money/PaymentsPage")).PaymentsPage }),
  "own-shares": async () => ({ default: (await import("../money/OwnSharesPage")).OwnSharesPage }),
  "stay-charges": async () => ({
    default: (await import("../money/StayChargesPage")).StayChargesPage,
  }),
  recoveries: async () => ({ default: (await import("../money/RecoveriesPage")).RecoveriesPage }),
  organisations: async () => ({
    default: (await import("../register/OrganisationsPage")).OrganisationsPage,
  }),
  facilities: async () => ({
    default: (await import("../register/FacilitiesPage")).FacilitiesPage,
  }),
}

const root = document.getElementById("root")
if (!root) throw new Error("index.html has no element #root")
const Page = lazy(PAGES[urlParameter("page")] ?? (PAGES[""] as () => Loaded))
createRoot(root).render(
  <StrictMode>
    <Suspense>
      <Page />
    </Suspense>
  </StrictMode>,
)
