// The interface's page: the OpenAPI document that the gateway makes from the contracts.
import "swagger-ui-dist/swagger-ui.css"
import { SwaggerUIBundle } from "swagger-ui-dist"

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
})
