// Cards: a vCard file (2.1, 3.0 or 4.0, mixed as it comes) as a table, a row for each card. Pure
// functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/cli/import/csv_reader.h"

namespace kith::cli {

// Whether a text begins as a card does.
bool LooksLikeCards(absl::string_view text);

// A row has a column for each of what a contact can take: uid, fn, prefix, given, additional,
// family, suffix, org, department, title, email, tel, url, bday, note, categories, street, city,
// region, code, country, lang, photo (where it is), social ({"network": …, "profile": …}), and x
// for what only some programs know, as it is written ("X-SKYPE:joerg"), as far as a contact takes
// it. Several of one, but for the first address and picture, stand in its cell in lines of their
// own, preferred ones first. Pictures, sounds and what nobody asked for are left out, however long.
// A row's line is where its card begins. Fails where a card does not end, has more than 1 MiB of
// the rest, holds more than ten others within each other, or has a line that is none, naming the
// line.
absl::StatusOr<CsvFile> ParseCards(absl::string_view text);

// The parts of a structured value, and of each its elements: "one;two,,three;;four\,five\;six" is
// {one}, {two, "", three}, {""}, {"four,five;six"}. RFC 6350, 3.4.
std::vector<std::vector<std::string>> CardParts(absl::string_view value);

}  // namespace kith::cli
