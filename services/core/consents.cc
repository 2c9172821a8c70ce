#include "services/core/consents.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith {

using contacts::v1::Consent;

std::string ConsentKey(const Consent& consent) {
  return absl::StrCat(consent.purpose(), absl::string_view("\0", 1),
                      static_cast<int>(consent.channel()));
}

bool IsRefusal(const Consent& consent) {
  return consent.state() == contacts::v1::REFUSED || consent.state() == contacts::v1::WITHDRAWN;
}

bool RefusesChannel(const contacts::v1::Contact& contact, contacts::v1::ConsentChannel channel) {
  return std::any_of(contact.consents().begin(), contact.consents().end(), [&](const Consent& one) {
    return one.channel() == channel && IsRefusal(one);
  });
}

void PutConsent(Consent consent, google::protobuf::RepeatedPtrField<Consent>& consents) {
  const std::string key = ConsentKey(consent);
  const auto same = std::find_if(consents.begin(), consents.end(),
                                 [&](const Consent& one) { return ConsentKey(one) == key; });
  Consent& place = same == consents.end() ? *consents.Add() : *same;
  place = std::move(consent);
}

}  // namespace kith
