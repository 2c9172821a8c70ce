#include "services/forms/form_page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "services/forms/form_fields.h"
#include "services/runtime/calls/web_text.h"

namespace kith::forms {
namespace {

using runtime::EscapeHtml;
using runtime::HtmlAttribute;
using runtime::HtmlText;

std::string LanguageOf(const v1::Form& form) {
  return form.language().empty() ? "en" : form.language();
}

std::string Page(absl::string_view language, absl::string_view title, absl::string_view body) {
  return runtime::PageOf({.prefix = "/f/", .language = language, .title = title, .body = body});
}

class FieldsOf {
 public:
  FieldsOf(const v1::Form& form, const PageState& state) : form_(form), state_(state) {}

  std::string All() const {
    std::string out;
    for (const v1::FormField& field : form_.fields()) absl::StrAppend(&out, One(field));
    for (const v1::FormConsent& consent : form_.consents()) absl::StrAppend(&out, One(consent));
    return out;
  }

 private:
  std::string Error(const std::string& path) const {
    const auto found = state_.errors.find(path);
    return found == state_.errors.end() ? "" : found->second;
  }
  std::vector<std::string> Values(const std::string& key, const std::string& initial) const {
    std::vector<std::string> values;
    if (state_.filled == nullptr) {
      if (!initial.empty()) values.push_back(initial);
      return values;
    }
    for (const auto& [name, value] : *state_.filled) {
      if (name == key) values.push_back(value);
    }
    return values;
  }

  // What tells readers of screens what is wrong.
  static std::string Marks(const std::string& error, const std::string& id) {
    return error.empty()
               ? ""
               : absl::StrCat(" aria-invalid=\"true\"",
                              HtmlAttribute("aria-describedby", absl::StrCat(id, "-error")));
  }
  static std::string Told(const std::string& error, const std::string& id) {
    if (error.empty()) return "";
    return absl::StrCat("<p class=\"error\"", HtmlAttribute("id", absl::StrCat(id, "-error")), ">",
                        EscapeHtml(error), "</p>\n");
  }

  std::string One(const v1::FormField& field) const {
    if (field.kind() == v1::HIDDEN) {
      if (!field.initial().empty()) return "";
      const std::vector<std::string> values = Values(field.key(), "");
      return absl::StrCat("<input type=\"hidden\"", HtmlAttribute("name", field.key()),
                          HtmlAttribute("value", values.empty() ? "" : values[0]), ">\n");
    }
    const std::string error = Error(absl::StrCat("values.", field.key()));
    const std::string id = absl::StrCat("f-", field.key());
    const std::vector<std::string> values = Values(field.key(), field.initial());
    const std::string help =
        field.help().empty()
            ? ""
            : absl::StrCat("<p class=\"help\">", EscapeHtml(field.help()), "</p>\n");
    const std::string currency =
        field.currency_code().empty() ? "" : absl::StrCat(" (", field.currency_code(), ")");
    const std::string label =
        absl::StrCat(EscapeHtml(field.label()), currency, field.required() ? " *" : "");
    if (field.kind() == v1::CHECKBOX) {
      return absl::StrCat("<div class=\"field\"><label><input type=\"checkbox\" value=\"true\"",
                          HtmlAttribute("name", field.key()), HtmlAttribute("id", id),
                          values.empty() || values[0].empty() ? "" : " checked",
                          field.required() ? " required" : "", Marks(error, id), "> ", label,
                          "</label>\n", help, Told(error, id), "</div>\n");
    }
    if (field.kind() == v1::CHOICES) {
      std::string boxes;
      for (const std::string& choice : field.choices()) {
        const bool is_on = std::find(values.begin(), values.end(), choice) != values.end();
        absl::StrAppend(&boxes, "<label><input type=\"checkbox\"",
                        HtmlAttribute("name", field.key()), HtmlAttribute("value", choice),
                        is_on ? " checked" : "", "> ", EscapeHtml(choice), "</label>\n");
      }
      return absl::StrCat("<fieldset class=\"field\"><legend>", label, "</legend>\n", boxes, help,
                          Told(error, id), "</fieldset>\n");
    }
    return absl::StrCat("<div class=\"field\"><label", HtmlAttribute("for", id), ">", label,
                        "</label>\n", Input(field, id, values.empty() ? "" : values[0], error),
                        help, Told(error, id), "</div>\n");
  }

  std::string Input(const v1::FormField& field, const std::string& id, const std::string& value,
                    const std::string& error) const {
    const std::string common =
        absl::StrCat(HtmlAttribute("name", field.key()), HtmlAttribute("id", id),
                     field.required() ? " required" : "", Marks(error, id));
    if (field.kind() == v1::CHOICE) {
      std::string options = "<option value=\"\"></option>\n";
      for (const std::string& choice : field.choices()) {
        absl::StrAppend(&options, "<option", HtmlAttribute("value", choice),
                        choice == value ? " selected" : "", ">", EscapeHtml(choice), "</option>\n");
      }
      return absl::StrCat("<select", common, ">\n", options, "</select>\n");
    }
    const bool is_paragraph = field.kind() == v1::PARAGRAPH;
    std::string length;
    if (IsText(field.kind())) {
      const int most = is_paragraph ? kParagraphCharactersMax : kLineCharactersMax;
      const int max = field.max_characters() == 0 ? most : std::min(field.max_characters(), most);
      length = HtmlAttribute("maxlength", absl::StrCat(max));
      if (field.min_characters() > 0) {
        absl::StrAppend(&length, HtmlAttribute("minlength", absl::StrCat(field.min_characters())));
      }
    }
    if (is_paragraph) {
      return absl::StrCat("<textarea rows=\"6\"", common, length, ">\n", EscapeHtml(value),
                          "</textarea>\n");
    }
    return absl::StrCat("<input", HtmlAttribute("type", TypeOf(field.kind())), common, length,
                        field.kind() == v1::NUMBER ? " step=\"any\"" : "",
                        field.kind() == v1::AMOUNT ? " step=\"any\" min=\"0\"" : "",
                        HtmlAttribute("value", value), ">\n");
  }

  static absl::string_view TypeOf(v1::FormFieldKind kind) {
    switch (kind) {
      case v1::EMAIL:
        return "email";
      case v1::PHONE:
        return "tel";
      case v1::URL:
        return "url";
      case v1::NUMBER:
      case v1::AMOUNT:
        return "number";
      case v1::DATE:
        return "date";
      default:
        return "text";
    }
  }

  std::string One(const v1::FormConsent& consent) const {
    const std::string error = Error(absl::StrCat("consents.", consent.key()));
    const std::string name = absl::StrCat(kConsentPrefix, consent.key());
    const std::string id = absl::StrCat("c-", consent.key());
    const std::vector<std::string> values = Values(name, "");
    const std::string more = consent.url().empty()
                                 ? ""
                                 : absl::StrCat(" <a", HtmlAttribute("href", consent.url()),
                                                " target=\"_blank\" rel=\"noopener\">",
                                                EscapeHtml(consent.url()), "</a>");
    return absl::StrCat("<div class=\"field\"><label><input type=\"checkbox\" value=\"true\"",
                        HtmlAttribute("name", name), HtmlAttribute("id", id),
                        values.empty() || values[0].empty() ? "" : " checked",
                        consent.required() ? " required" : "", Marks(error, id), "> ",
                        EscapeHtml(consent.text()), consent.required() ? " *" : "", "</label>",
                        more, "\n", Told(error, id), "</div>\n");
  }

  const v1::Form& form_;
  const PageState& state_;
};

// The site of a URL: "https://www.example.com".
std::string OriginOf(absl::string_view url) {
  const size_t host = url.find("://");
  if (host == url.npos) return "";
  return std::string(url.substr(0, url.find_first_of("/?#", host + 3)));
}

}  // namespace

std::string FormPageOf(const v1::Form& form, const PageState& state) {
  const auto whole = state.errors.find("");
  std::string body = absl::StrCat("<h1>", EscapeHtml(form.display_name()), "</h1>\n",
                                  HtmlText(form.introduction()));
  if (!state.errors.empty()) {
    absl::StrAppend(&body, "<p class=\"error\" role=\"alert\">",
                    whole == state.errors.end()
                        ? "Something is missing or not as it should be; see below."
                        : EscapeHtml(whole->second),
                    "</p>\n");
  }
  const std::string label = form.submit_label().empty() ? "Send" : form.submit_label();
  absl::StrAppend(
      &body, "<form method=\"post\"", HtmlAttribute("action", state.path),
      ">\n<input type=\"hidden\"", HtmlAttribute("name", kSubmissionKey),
      HtmlAttribute("value", state.submission), ">\n",
      state.page.empty() ? ""
                         : absl::StrCat("<input type=\"hidden\"", HtmlAttribute("name", kPageKey),
                                        HtmlAttribute("value", state.page), ">\n"),
      state.visitor.empty()
          ? ""
          : absl::StrCat("<input type=\"hidden\"", HtmlAttribute("name", kVisitorKey),
                         HtmlAttribute("value", state.visitor), ">\n"),
      "<div class=\"trap\" aria-hidden=\"true\"><label>Leave this empty <input type=\"text\"",
      HtmlAttribute("name", kTrapKey), " tabindex=\"-1\" autocomplete=\"off\"></label></div>\n",
      FieldsOf(form, state).All(),
      state.challenge == nullptr ? "" : CaptchaFieldsOf(*state.challenge),
      "<button type=\"submit\">", EscapeHtml(label), "</button>\n</form>\n");
  return Page(LanguageOf(form), form.display_name(), body);
}

std::string ThanksPageOf(const v1::Form& form) {
  const std::string thanks = form.thanks().empty() ? "Thank you. It was sent." : form.thanks();
  return Page(LanguageOf(form), form.display_name(),
              absl::StrCat("<h1>", EscapeHtml(form.display_name()), "</h1>\n", HtmlText(thanks)));
}

std::string ConfirmPageOf(const v1::Form& form, absl::string_view path) {
  return runtime::ButtonPageOf({.prefix = "/f/",
                                .language = LanguageOf(form),
                                .heading = form.display_name(),
                                .sentence = "Please confirm that it was you who sent this form.",
                                .path = path,
                                .label = "Confirm"});
}

std::string ScriptOf(const v1::Form& form, absl::string_view path) {
  // Texts of a script: what could end one, or the script itself, is told by its number.
  const std::string title = absl::StrReplaceAll(form.display_name(), {{"\\", "\\\\"},
                                                                      {"\"", "\\\""},
                                                                      {"\n", " "},
                                                                      {"\r", " "},
                                                                      {"<", "\\u003c"},
                                                                      {"\xE2\x80\xA8", "\\u2028"},
                                                                      {"\xE2\x80\xA9", "\\u2029"}});
  return absl::StrCat(
      "(function () {\n  var script = document.currentScript;\n"
      "  var frame = document.createElement(\"iframe\");\n"
      "  var form = new URL(\"",
      path, "\", script.src);\n  frame.title = \"", title,
      "\";\n  frame.style.cssText = \"border:0;width:100%;height:40em\";\n"
      "  function visitor() {\n"
      "    var found = document.cookie.match(/(?:^|; )kith_visitor=([\\w-]+)/);\n"
      "    return found ? found[1] : \"\";\n  }\n"
      "  function show() {\n"
      "    form.searchParams.set(\"kith_page\", location.href.slice(0, 2048));\n"
      "    if (visitor()) form.searchParams.set(\"kith_visitor\", visitor());\n"
      "    frame.src = form.href;\n"
      "    script.parentNode.insertBefore(frame, script);\n  }\n"
      // The script that says who somebody is may come after this one.
      "  if (visitor() || document.readyState == \"complete\") show();\n"
      "  else addEventListener(\"load\", show);\n})();\n");
}

std::string PagePolicyOf(const v1::Form& form) {
  // Browsers ask where a form that was sent leads on to, too.
  std::string targets = "'self'";
  const std::string leads_to = OriginOf(form.redirect_url());
  if (!leads_to.empty()) absl::StrAppend(&targets, " ", leads_to);
  return absl::StrCat(
      "default-src 'none'; style-src 'self'; ",
      form.captcha() ? "script-src 'self'; connect-src 'self'; " : "", "form-action ", targets,
      "; base-uri 'none'; frame-ancestors ",
      form.allowed_origins().empty() ? "'none'" : absl::StrJoin(form.allowed_origins(), " "));
}

}  // namespace kith::forms
