#include "services/cli/text/vcard.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"

namespace kith::cli {
namespace {

constexpr size_t kLineBytes = 75;

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(
      text,
      {{"\\", "\\\\"}, {",", "\\,"}, {";", "\\;"}, {"\r\n", "\\n"}, {"\n", "\\n"}, {"\r", "\\n"}});
}

// A line with its folds: what follows one begins with a blank.
void PrintLine(absl::string_view line, std::ostream& out) {
  size_t most = kLineBytes;
  while (line.size() > most) {
    size_t end = most;
    // Not within a letter of several bytes.
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    out << line.substr(0, end) << "\r\n ";
    line.remove_prefix(end);
    most = kLineBytes - 1;
  }
  out << line << "\r\n";
}

class Card {
 public:
  Card(CardVersion version, std::ostream& out) : is_4_(version == CardVersion::k4), out_(out) {}

  bool is_4() const { return is_4_; }

  // Nothing where there is no value.
  void Add(absl::string_view property, absl::string_view value) {
    if (!value.empty()) PrintLine(absl::StrCat(property, ":", value), out_);
  }
  void AddText(absl::string_view property, absl::string_view text) { Add(property, Escaped(text)); }
  void AddParts(absl::string_view property, const std::vector<absl::string_view>& parts) {
    std::vector<std::string> escaped;
    bool is_empty = true;
    for (const absl::string_view part : parts) {
      is_empty = is_empty && part.empty();
      escaped.push_back(Escaped(part));
    }
    if (!is_empty) Add(property, absl::StrJoin(escaped, ";"));
  }

  // ";TYPE=work;PREF=1": what a label says that is a name a type can have.
  std::string TypeOf(absl::string_view label, bool is_primary) const {
    std::string type = absl::AsciiStrToLower(label);
    if (type == "mobile") type = "cell";
    if (type == "office") type = "work";
    const bool is_name = !type.empty() && type.find_first_not_of(
                                              "abcdefghijklmnopqrstuvwxyz0123456789-") == type.npos;
    std::string parameters = is_name ? absl::StrCat(";TYPE=", type) : "";
    if (is_primary) absl::StrAppend(&parameters, is_4_ ? ";PREF=1" : ";TYPE=pref");
    return parameters;
  }

 private:
  const bool is_4_;
  std::ostream& out_;
};

void AddPhone(const contacts::v1::PhoneNumber& phone, Card& card) {
  const std::string type = card.TypeOf(phone.label(), phone.primary());
  if (card.is_4() && !phone.e164().empty()) {
    card.Add(absl::StrCat("TEL;VALUE=uri", type), absl::StrCat("tel:", phone.e164()));
  } else {
    card.AddText(absl::StrCat("TEL", type), phone.e164().empty() ? phone.raw() : phone.e164());
  }
}

void AddBirthday(const google::type::Date& day, Card& card) {
  if (day.year() == 0 || day.month() == 0 || day.day() == 0) return;
  card.Add("BDAY", absl::StrFormat(card.is_4() ? "%04d%02d%02d" : "%04d-%02d-%02d", day.year(),
                                   day.month(), day.day()));
}

// 3.0 has no property for it but the one that address books use.
void AddSocialProfile(const contacts::v1::SocialProfile& profile, Card& card) {
  // What no parameter may have, in quotation marks or not.
  const std::string network = absl::StrReplaceAll(
      profile.network(), {{"\"", ""}, {",", " "}, {"\r", " "}, {"\n", " "}, {"\t", " "}});
  const bool is_text = !absl::StartsWithIgnoreCase(profile.profile(), "http");
  const std::string front =
      card.is_4() ? absl::StrCat("SOCIALPROFILE", is_text ? ";VALUE=text" : "", ";SERVICE-TYPE=")
                  : "X-SOCIALPROFILE;TYPE=";
  card.AddText(absl::StrCat(front, "\"", network, "\""), profile.profile());
}

// "X-SKYPE:ada", which is as a card writes it.
void AddCardProperty(absl::string_view text, Card& card) {
  const size_t colon = text.find(':');
  if (colon == text.npos) return;
  card.Add(
      text.substr(0, colon),
      absl::StrReplaceAll(text.substr(colon + 1), {{"\r\n", "\\n"}, {"\n", "\\n"}, {"\r", "\\n"}}));
}

// Every card has a name.
std::string NameOf(const contacts::v1::Contact& contact) {
  if (!contact.display_name().empty()) return contact.display_name();
  if (!contact.emails().empty()) return contact.emails(0).address();
  if (!contact.phones().empty()) return contact.phones(0).raw();
  return contact.name();
}

}  // namespace

void PrintCard(const contacts::v1::Contact& contact, CardVersion version, std::ostream& out) {
  Card card(version, out);
  card.Add("BEGIN", "VCARD");
  card.Add("VERSION", card.is_4() ? "4.0" : "3.0");
  card.AddText(card.is_4() ? "UID;VALUE=text" : "UID", contact.name());
  card.AddText("FN", NameOf(contact));
  // 3.0 wants it even where it says nothing.
  card.Add("N",
           absl::StrCat(Escaped(contact.last_name()), ";", Escaped(contact.first_name()), ";",
                        Escaped(contact.middle_name()), ";", Escaped(contact.salutation()), ";"));
  card.AddParts("ORG",
                contact.department().empty()
                    ? std::vector<absl::string_view>{contact.company_name()}
                    : std::vector<absl::string_view>{contact.company_name(), contact.department()});
  card.AddText("TITLE", contact.job_title());
  for (const auto& email : contact.emails()) {
    card.AddText(absl::StrCat(card.is_4() ? "EMAIL" : "EMAIL;TYPE=internet",
                              card.TypeOf(email.label(), email.primary())),
                 email.address());
  }
  for (const auto& phone : contact.phones()) AddPhone(phone, card);
  for (const auto& address : contact.addresses()) {
    card.AddParts(absl::StrCat("ADR", card.TypeOf(address.label(), false)),
                  {"", "", address.street(), address.city(), address.region(),
                   address.postal_code(), address.country()});
  }
  AddBirthday(contact.birthday(), card);
  card.Add("URL", contact.website());
  card.Add(card.is_4() ? "PHOTO" : "PHOTO;VALUE=uri", contact.photo_url());
  for (const auto& profile : contact.social_profiles()) AddSocialProfile(profile, card);
  if (card.is_4()) card.Add("LANG", contact.language());
  std::vector<std::string> tags;
  for (const std::string& tag : contact.tags()) tags.push_back(Escaped(tag));
  card.Add("CATEGORIES", absl::StrJoin(tags, ","));
  card.AddText("NOTE", contact.notes());
  for (const std::string& property : contact.card_properties()) AddCardProperty(property, card);
  if (contact.has_update_time()) {
    card.Add("REV", absl::FormatTime("%Y%m%dT%H%M%SZ", FromTimestamp(contact.update_time()),
                                     absl::UTCTimeZone()));
  }
  card.Add("END", "VCARD");
}

}  // namespace kith::cli
