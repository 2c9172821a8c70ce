// Goal: no name that is stored, or that programs compare with, changes by accident.
// Method: every category with its event types, every view with its version, how families of current
// entries end, every purpose of a claim and every error is listed in tests/golden/names.txt. A new
// name is added to that file; changing or removing a line is a migration, which old logs and
// clients must survive.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/protobuf/descriptor.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/versioned_store.h"
#include "services/contacts/contact_fields.h"
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

std::string Errors(const EnumDescriptor& errors) {
  std::string lines;
  for (int i = 0; i < errors.value_count(); ++i) {
    const auto& value = *errors.value(i);
    if (value.number() == 0) continue;
    absl::StrAppend(&lines, "error ", errors.file()->package(), " ", ReasonOf(value), " ",
                    value.options().GetExtension(options::v1::error).code(), "\n");
  }
  return lines;
}

std::string AllErrors() {
  std::string lines;
  const auto& pool = *google::protobuf::DescriptorPool::generated_pool();
  for (const char* capability :
       {"contacts", "deals", "events", "forecast", "interactions", "users", "workspaces"}) {
    const FileDescriptor* file =
        pool.FindFileByName(absl::StrCat("kith/", capability, "/v1/", capability, "_errors.proto"));
    EXPECT_NE(file, nullptr) << capability;
    if (file != nullptr) lines += Errors(*file->enum_type(0));
  }
  const FileDescriptor* common = pool.FindFileByName("kith/type/v1/errors.proto");
  EXPECT_NE(common, nullptr);
  return common == nullptr ? lines : lines + Errors(*common->enum_type(0));
}

std::string ReadGolden() {
  std::ifstream file(std::string(KITH_SOURCE_DIR) + "/tests/golden/names.txt");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(PersistedNames, AreThoseOfTheGoldenFile) {
  testing::TestServer server;
  const std::string names =
      absl::StrCat(Categories(server.runtime().registry), Views(server.runtime().views),
                   "family suffix ", projections::kIndexSuffix, "\nclaim ", contacts::kEmailClaim,
                   "\nclaim ", contacts::kExternalIdClaim, "\n", AllErrors());
  EXPECT_EQ(names, ReadGolden())
      << "Add new names to tests/golden/names.txt. To change one is a migration.";
}

}  // namespace
}  // namespace kith::server
