// Shows the service's description; everything comes from this service.
window.addEventListener("load", () =>
  SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null })
);
