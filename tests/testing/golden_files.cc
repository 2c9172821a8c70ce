#include "tests/testing/golden_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"
#include "google/protobuf/descriptor.h"
#include "tests/testing/source_folder.h"

namespace kith::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kLineBytes = 32;
constexpr int kNestingMax = 4;

void Fill(Message& message, int nesting);

// Adds to a repeated field, or sets a single one, by a pair of Reflection's functions.
template <class Add, class Set, class Value>
void Put(Message& message, const FieldDescriptor* field, Add add, Set set, Value value) {
  const Reflection* reflection = message.GetReflection();
  if (field->is_repeated()) {
    (reflection->*add)(&message, field, std::move(value));
  } else {
    (reflection->*set)(&message, field, std::move(value));
  }
}

std::string TextFor(const FieldDescriptor* field) {
  if (field->name() == "name" || field->name() == "subject") return kGoldenPerson;
  return absl::StrCat("text ", field->number());
}

void FillField(Message& message, const FieldDescriptor* field, int nesting) {
  const Reflection* reflection = message.GetReflection();
  const int number = field->number();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Put(message, field, &Reflection::AddInt32, &Reflection::SetInt32, number);
    case FieldDescriptor::CPPTYPE_INT64:
      return Put(message, field, &Reflection::AddInt64, &Reflection::SetInt64, number * 1'000);
    case FieldDescriptor::CPPTYPE_UINT32:
      return Put(message, field, &Reflection::AddUInt32, &Reflection::SetUInt32,
                 static_cast<uint32_t>(number));
    case FieldDescriptor::CPPTYPE_UINT64:
      return Put(message, field, &Reflection::AddUInt64, &Reflection::SetUInt64,
                 static_cast<uint64_t>(number));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Put(message, field, &Reflection::AddDouble, &Reflection::SetDouble, number + 0.5);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Put(message, field, &Reflection::AddFloat, &Reflection::SetFloat,
                 static_cast<float>(number) + 0.5f);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Put(message, field, &Reflection::AddBool, &Reflection::SetBool, true);
    case FieldDescriptor::CPPTYPE_ENUM:
      return Put(message, field, &Reflection::AddEnumValue, &Reflection::SetEnumValue, 1);
    case FieldDescriptor::CPPTYPE_STRING:
      return Put(message, field, &Reflection::AddString, &Reflection::SetString, TextFor(field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (nesting == kNestingMax) return;
      Fill(field->is_repeated() ? *reflection->AddMessage(&message, field)
                                : *reflection->MutableMessage(&message, field),
           nesting + 1);
      return;
  }
}

void Fill(Message& message, int nesting) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    FillField(message, message.GetDescriptor()->field(i), nesting);
  }
}

}  // namespace

std::string GoldenFolder() { return SourcePath("tests/golden"); }

bool UpdatingGolden() {
  const char* const value = std::getenv("KITH_UPDATE_GOLDEN");
  return value != nullptr && absl::string_view(value) == "1";
}

std::string ReadTextFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void WriteTextFile(const std::string& path, absl::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path);
  file << text;
  KITH_CHECK(file.flush().good());
}

std::string ToHexLines(absl::string_view bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += kLineBytes) {
    absl::StrAppend(&text, absl::BytesToHexString(bytes.substr(i, kLineBytes)), "\n");
  }
  return text;
}

std::string FromHexLines(absl::string_view text) {
  std::string bytes;
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    bytes += absl::HexStringToBytes(line);
  return bytes;
}

std::string ToSparseHexLines(absl::string_view bytes) {
  std::string text = absl::StrCat(bytes.size(), "\n");
  for (size_t i = 0; i < bytes.size(); i += kLineBytes) {
    const absl::string_view line = bytes.substr(i, kLineBytes);
    if (std::all_of(line.begin(), line.end(), [](char c) { return c == '\0'; })) continue;
    absl::StrAppend(&text, i, " ", absl::BytesToHexString(line), "\n");
  }
  return text;
}

std::string FromSparseHexLines(absl::string_view text) {
  std::string bytes;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, ' ');
    uint64_t number;
    KITH_CHECK(absl::SimpleAtoi(parts.first, &number));
    if (parts.second.empty()) {
      bytes.resize(number);
      continue;
    }
    const std::string part = absl::HexStringToBytes(parts.second);
    KITH_CHECK(number + part.size() <= bytes.size());
    std::copy(part.begin(), part.end(), bytes.begin() + static_cast<ptrdiff_t>(number));
  }
  return bytes;
}

void FillMessage(Message& message) { Fill(message, 0); }

}  // namespace kith::testing
