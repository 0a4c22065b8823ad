/** A form that asks by GET keeps its token to itself: addresses are written to logs. */

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb === "get") delete detail.parameters.csrfmiddlewaretoken;
});
