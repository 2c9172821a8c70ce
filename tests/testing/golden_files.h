// What the golden tests read and write under tests/golden: hex for bytes, so that a diff can be
// read.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace kith::testing {

// tests/golden of the sources.
std::string GoldenFolder();
// True with KITH_UPDATE_GOLDEN=1: what is missing is to be written. What is there is never
// overwritten: it is old, and must be readable for ever.
bool UpdatingGolden();

// Empty when there is no such file.
std::string ReadTextFile(const std::string& path);
void WriteTextFile(const std::string& path, absl::string_view text);

// 32 bytes a line.
std::string ToHexLines(absl::string_view bytes);
std::string FromHexLines(absl::string_view text);
// The same with the offset before each line and without the lines that are all zero: for files that
// are mostly so.
std::string ToSparseHexLines(absl::string_view bytes);
std::string FromSparseHexLines(absl::string_view text);

// Sets every field, of messages within it too, to values that depend on nothing but the field
// numbers. Fields called name or subject name one person, the same everywhere.
inline constexpr char kGoldenPerson[] = "contacts/01ARZ3NDEKTSV4RRFFQ69G5FAV";
void FillMessage(google::protobuf::Message& message);

}  // namespace kith::testing
