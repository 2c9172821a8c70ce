// Amounts as filters and other texts write them. Pure; any thread.
#pragma once

#include "absl/strings/string_view.h"
#include "google/type/money.pb.h"

namespace kith {

// "24000.50 EUR", "EUR 24000". False where it is no amount with its currency, or MayMeanThousands.
bool ParseMoneyText(absl::string_view text, google::type::Money* money);

// "1.000" of a currency that has no thousandths: many write a thousand so.
bool MayMeanThousands(absl::string_view amount, absl::string_view currency);

}  // namespace kith
