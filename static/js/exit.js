// "Leave quickly": the page is emptied at once, and its place in the history is taken by the one that follows.
// The link works without this file.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-exit]");
  if (!link) return;
  event.preventDefault();
  document.title = "…";
  document.body.replaceChildren();
  window.location.replace(link.href);
});
