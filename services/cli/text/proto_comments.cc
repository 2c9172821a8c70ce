#include "services/cli/text/proto_comments.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/check.h"

// The file itself, taken in by the assembler: a compiler would make a list of numbers of it first.
// KITH_DESCRIPTORS is its path, set by the build.
asm(R"(
  .section .rodata
  .globl kith_cli_descriptors
  .globl kith_cli_descriptors_end
kith_cli_descriptors:
  .incbin ")" KITH_DESCRIPTORS R"("
kith_cli_descriptors_end:
  .byte 0
  .previous
)");
extern const char kDescriptorsBegin[] asm("kith_cli_descriptors");
extern const char kDescriptorsEnd[] asm("kith_cli_descriptors_end");

namespace kith::cli {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// The protos once more, with comments. Lives for ever.
const DescriptorPool& Commented() {
  static const DescriptorPool* const pool = [] {
    google::protobuf::FileDescriptorSet files;
    const auto size = static_cast<int>(kDescriptorsEnd - kDescriptorsBegin);
    KITH_CHECK(files.ParseFromArray(kDescriptorsBegin, size));
    auto* const database = new google::protobuf::SimpleDescriptorDatabase;
    for (const auto& file : files.file()) KITH_CHECK(database->Add(file));
    return new DescriptorPool(database);
  }();
  return *pool;
}

template <class Descriptor>
std::string CommentAbove(const Descriptor* commented) {
  google::protobuf::SourceLocation location;
  if (commented == nullptr || !commented->GetSourceLocation(&location)) return "";
  return absl::StrJoin(
      absl::StrSplit(location.leading_comments, absl::ByAnyChar(" \n"), absl::SkipEmpty()), " ");
}

}  // namespace

std::string CommentOn(const FieldDescriptor& field) {
  return CommentAbove(Commented().FindFieldByName(field.full_name()));
}

std::string CommentOn(const MethodDescriptor& method) {
  return CommentAbove(Commented().FindMethodByName(method.full_name()));
}

std::string FirstSentence(absl::string_view text) {
  // A full stop within a sentence, as in "e.g. this", is followed by a small letter.
  for (size_t end = text.find(". "); end != text.npos; end = text.find(". ", end + 1)) {
    if (!absl::ascii_islower(text[end + 2])) return std::string(text.substr(0, end + 1));
  }
  return std::string(text);
}

}  // namespace kith::cli
