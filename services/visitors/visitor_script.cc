#include "services/visitors/visitor_script.h"

#include "absl/strings/str_cat.h"
#include "services/visitors/site.h"

namespace kith::visitors {
namespace {

// Before it stand `to` (where page views are posted), `fresh`, `keep` (seconds) and `ask`.
constexpr absl::string_view kScript = R"js(
  var w = window, d = document, n = navigator, views = [], timer = 0, last = "";
  var off = n.doNotTrack == "1" || w.doNotTrack == "1" || n.globalPrivacyControl;
  var link = /([?&])kith_click=([\w-]+)(&?)/, click = (location.search.match(link) || [])[2] || "";
  if (click) history.replaceState(history.state, "", location.href.replace(link,
    function (all, before, value, after) { return after ? before : ""; }));
  function known() {
    var found = d.cookie.match(/(?:^|; )kith_visitor=([\w-]+)/);
    return found ? found[1] : "";
  }
  function remember(id, seconds) {
    d.cookie = "kith_visitor=" + id + ";path=/;samesite=lax;max-age=" + seconds +
      (location.protocol == "https:" ? ";secure" : "");
  }
  function send() {
    clearTimeout(timer);
    timer = 0;
    if (!views.length || !known()) return;
    var now = Date.now(), some = views.splice(0, 50);
    some.forEach(function (view) { view.age = now - view.age; });
    n.sendBeacon(to, JSON.stringify({visitor: known(), views: some, click: click}));
    click = "";
  }
  function view(again) {
    if (off || !known() || (!again && last == location.href)) return;
    views.push({id: Date.now().toString(36) + Math.random().toString(36).slice(2),
      url: location.href.split("#")[0].slice(0, 4096), title: d.title.slice(0, 256),
      referrer: (last || d.referrer).slice(0, 4096), age: Date.now()});
    if (!last) send();
    else timer = timer || setTimeout(send, 3000);
    last = location.href;
  }
  function begin() {
    if (off) return;
    if (!known()) remember(fresh, keep);
    view();
  }
  function kith(what) {
    if (what == "consent") begin();
    if (what == "forget") { views = []; last = click = ""; remember("", 0); }
    if (what == "view") view(true);
  }
  w.kith = kith;
  (w.kithq || []).forEach(kith);
  w.kithq = {push: kith};
  ["pushState", "replaceState"].forEach(function (name) {
    var was = history[name];
    history[name] = function () { was.apply(history, arguments); setTimeout(view, 0); };
  });
  addEventListener("popstate", function () { view(); });
  addEventListener("pagehide", send);
  d.addEventListener("submit", function (event) {
    var form = event.target, field;
    if (!known() || String(form.action).indexOf(new URL("/f/", to).href) != 0) return;
    field = form.querySelector("input[name=kith_visitor]") || d.createElement("input");
    field.type = "hidden";
    field.name = "kith_visitor";
    field.value = known();
    form.appendChild(field);
  }, true);
  if (!ask || known()) begin();
})();
)js";

}  // namespace

std::string ScriptOf(const v1::Site& site, absl::string_view path, absl::string_view visitor) {
  const int days =
      site.visitor_lifetime_days() == 0 ? kLifetimeDaysDefault : site.visitor_lifetime_days();
  const bool asks = site.consent_mode() != v1::CONSENT_NOT_REQUIRED;
  return absl::StrCat("(function () {\n  var to = new URL(\"", path,
                      "\", document.currentScript.src).href;\n  var fresh = \"", visitor,
                      "\", keep = ", int64_t{days} * 86'400, ", ask = ", asks ? "true" : "false",
                      ";", kScript);
}

}  // namespace kith::visitors
