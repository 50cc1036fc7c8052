import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

// The gateway serves what is built; the paths are its own.
export default defineConfig({
  plugins: [react()],
  base: "/",
  build: {
    outDir: "../gateway/gateway/portal",
    emptyOutDir: true,
    chunkSizeWarningLimit: 2000,
    rollupOptions: { input: { index: "index.html", docs: "docs.html" } },
  },
  server: {
    proxy: {
      "/v1": "http://127.0.0.1:8080",
      "/token": "http://127.0.0.1:8080",
      "/onebox": "http://127.0.0.1:8080",
      "/portal.json": "http://127.0.0.1:8080",
      "/areas.json": "http://127.0.0.1:8080",
    },
  },
})
