// Goal: no name that is stored, or that programs compare with, changes by accident.
// Method: every category with its event types, every view with its version, how families of current
// entries end, every purpose of a claim and every error is listed in tests/golden/names.txt. A new
// name is added to that file; changing or removing a line is a migration, which old logs and
// clients must survive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "kith/options/v1/options.pb.h"
#include "projections/store/versioned_store.h"
#include "services/core/owner_field.h"
#include "services/runtime/server_builder.h"
#include "services/server/capabilities.inc"
#include "tests/testing/source_folder.h"
#include "tests/testing/test_server.h"

namespace kith::server {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;

// Beyond the events of any category.
constexpr uint32_t kTypesMax = 64;

std::string Categories(const eventstore::EventRegistry& registry) {
  std::string lines;
  for (const std::string& category : registry.Categories()) {
    for (uint32_t type = 1; type <= kTypesMax; ++type) {
      const absl::string_view name = registry.TypeName(category, EventType(type));
      if (!name.empty()) absl::StrAppend(&lines, "event ", category, " ", type, " ", name, "\n");
    }
  }
  return lines;
}

std::string Views(const projections::ViewStore& views) {
  std::string lines;
  for (const projections::ViewHealth& view : views.Health()) {
    absl::StrAppend(&lines, "view ", view.view, " ", view.version, "\n");
  }
  return lines;
}

std::string Claims() {
  runtime::ServerBuilder builder;
  RegisterCapabilities(builder);
  std::string lines;
  for (const runtime::ResourceType& type : builder.resources()) {
    for (const ClaimRule& claim : type.rules->claims) {
      absl::StrAppend(&lines, "claim ", claim.purpose, "\n");
    }
    const std::string owned = OwnerPurpose(type.rules->category);
    const bool is_held = std::any_of(type.rules->held_links.begin(), type.rules->held_links.end(),
                                     [&](const HeldLink& link) { return link.purpose == owned; });
    if (!is_held && OwnerFieldOf(*type.rules->resource->GetDescriptor()) != nullptr) {
      absl::StrAppend(&lines, "claim ", owned, "\n");
    }
  }
  return lines;
}

// Nothing where its values are no errors.
std::string Errors(const EnumDescriptor& errors) {
  std::string lines;
  for (int i = 0; i < errors.value_count(); ++i) {
    const auto& value = *errors.value(i);
    if (!value.options().HasExtension(options::v1::error)) continue;
    absl::StrAppend(&lines, "error ", errors.file()->package(), " ", ReasonOf(value), " ",
                    value.options().GetExtension(options::v1::error).code(), "\n");
  }
  return lines;
}

// Of every proto of ours, as protoc wrote them.
std::string AllErrors() {
  google::protobuf::FileDescriptorSet files;
  std::ifstream in(KITH_DESCRIPTORS, std::ios::binary);
  EXPECT_TRUE(files.ParseFromIstream(&in)) << KITH_DESCRIPTORS;
  std::string lines;
  for (const auto& file : files.file()) {
    if (!absl::StartsWith(file.package(), "kith.") || file.enum_type_size() == 0) continue;
    const FileDescriptor* const linked =
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file.name());
    EXPECT_NE(linked, nullptr) << file.name();
    for (int i = 0; linked != nullptr && i < linked->enum_type_count(); ++i) {
      lines += Errors(*linked->enum_type(i));
    }
  }
  return lines;
}

// Their order says nothing.
std::set<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

std::string ReadGolden() {
  std::ifstream file(testing::SourcePath("tests/golden/names.txt"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(PersistedNames, AreThoseOfTheGoldenFile) {
  testing::TestServer server;
  const std::string names =
      absl::StrCat(Categories(server.runtime().registry), Views(server.runtime().views),
                   "family suffix ", projections::kIndexSuffix, "\n", Claims(), AllErrors());
  EXPECT_THAT(LinesOf(names), ::testing::ContainerEq(LinesOf(ReadGolden())))
      << "Add new names to tests/golden/names.txt. To change one is a migration.";
}

}  // namespace
}  // namespace kith::server
