// The settings are described in https://swagger.io/docs/open-source-tools/swagger-ui/usage/configuration/.
window.ui = SwaggerUIBundle({
  url: "/openapi.yaml",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  showExtensions: true,
  defaultModelsExpandDepth: -1, // no schemas at the end of the page
  validatorUrl: null, // nothing is sent to another site
});
