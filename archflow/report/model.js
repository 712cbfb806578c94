// Opens the block that a link names, with all blocks around it, and shows where it is.
function show() {
  const target = /^#b[\d-]+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  for (const marked of document.querySelectorAll(".found")) marked.classList.remove("found");
  if (!target) return;
  for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  target.classList.add("found");
  target.scrollIntoView({ block: "center" });
}

addEventListener("hashchange", show);
// A second click on the same box changes no address.
addEventListener("click", (event) => event.target.closest?.(`a[href="${location.hash}"]`) && show());
show();
