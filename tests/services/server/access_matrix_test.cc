// Goal: nobody gains or loses a right unseen. Method: every method that the protos declare, with
// how far each built-in role reaches with it and which field groups of its reply the role is shown,
// and every field of such a group, is computed from descriptors and roles and compared with
// tests/golden/access.txt. The server is held to the same scopes by tests/conformance.
//
// Where a change is meant, KITH_UPDATE_GOLDEN=1 with this test writes what is there now; read the
// diff.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/type/money.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/access.h"
#include "services/core/built_in_roles.h"
#include "tests/testing/golden_files.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using roles::v1::Role;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// Of every proto of ours, as protoc wrote them, by their names.
std::vector<const MethodDescriptor*> DeclaredMethods() {
  google::protobuf::FileDescriptorSet files;
  std::ifstream in(KITH_DESCRIPTORS, std::ios::binary);
  EXPECT_TRUE(files.ParseFromIstream(&in)) << KITH_DESCRIPTORS;
  std::vector<const MethodDescriptor*> methods;
  for (const auto& file : files.file()) {
    if (!absl::StartsWith(file.package(), "kith.") || file.service_size() == 0) continue;
    const FileDescriptor* const linked =
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file.name());
    EXPECT_NE(linked, nullptr) << file.name();
    for (int i = 0; linked != nullptr && i < linked->service_count(); ++i) {
      const auto& service = *linked->service(i);
      for (int j = 0; j < service.method_count(); ++j) methods.push_back(service.method(j));
    }
  }
  std::sort(methods.begin(), methods.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  return methods;
}

// "contacts.read"; "(public)" and "(any credentials)" where none is asked for.
std::string DeclaredPermission(const MethodDescriptor& method) {
  const auto& rules = method.options().GetExtension(options::v1::method);
  if (rules.public_()) return "(public)";
  if (rules.any_credentials()) return "(any credentials)";
  return rules.permission();
}

// The group of a field; empty where everybody is told it.
std::string GroupOf(const FieldDescriptor& field) {
  if (field.message_type() == google::type::Money::descriptor()) return "MONEY";
  return field.options().GetExtension(options::v1::field).personal() ? "PERSONAL" : "";
}

// Fields by their group.
using Grouped = std::map<std::string, std::set<std::string>>;

// Adds the fields that belong to a group, of the message and of all that stand in it.
void AddGrouped(const Descriptor& message, std::set<const Descriptor*>& seen, Grouped& grouped) {
  if (!seen.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const std::string group = GroupOf(field);
    if (!group.empty()) grouped[group].insert(field.full_name());
    if (field.message_type() != nullptr) AddGrouped(*field.message_type(), seen, grouped);
  }
}

struct Row {
  std::string method;
  std::string permission;
  Grouped grouped;  // of the reply
};

std::vector<Row> Rows() {
  std::vector<Row> rows;
  for (const MethodDescriptor* const method : DeclaredMethods()) {
    Row& row = rows.emplace_back();
    row.method = method->full_name();
    row.permission = DeclaredPermission(*method);
    std::set<const Descriptor*> seen;
    AddGrouped(*method->output_type(), seen, row.grouped);
  }
  return rows;
}

// What a role has of a row: "team", and where the reply has fields of groups, those that the role
// is shown, "team+MONEY".
std::string Cell(const Row& row, const RoleGrants& grants) {
  const bool asks = row.permission.front() != '(';
  const Scope scope = asks ? ScopeOf(grants.permissions, row.permission) : Scope::kAll;
  std::string cell(NameOf(scope));
  if (scope == Scope::kNone) return cell;
  const std::vector<std::string>& shown = grants.field_groups;
  for (const auto& [group, fields] : row.grouped) {
    if (std::find(shown.begin(), shown.end(), group) != shown.end()) {
      absl::StrAppend(&cell, "+", group);
    }
  }
  return cell;
}

std::vector<std::string> Column(const std::vector<Row>& rows, const Role& role) {
  const RoleGrants grants = GrantsOf(role);
  std::vector<std::string> cells;
  for (const Row& row : rows) cells.push_back(Cell(row, grants));
  return cells;
}

int RefusedIn(const std::vector<std::string>& column) {
  return static_cast<int>(std::count(column.begin(), column.end(), NameOf(Scope::kNone)));
}

// The whole file.
std::string Table(const std::vector<Row>& rows) {
  std::string text = "method permission";
  std::string totals;
  std::vector<std::vector<std::string>> columns;
  for (const Role& role : BuiltInRoles()) {
    absl::StrAppend(&text, " ", role.name());
    columns.push_back(Column(rows, role));
    const size_t refused = static_cast<size_t>(RefusedIn(columns.back()));
    absl::StrAppend(&totals, "total ", role.name(), ": ", rows.size() - refused, " allowed, ",
                    refused, " refused\n");
  }
  text += '\n';
  Grouped all;
  for (size_t i = 0; i < rows.size(); ++i) {
    absl::StrAppend(&text, rows[i].method, " ", rows[i].permission);
    for (const auto& column : columns) absl::StrAppend(&text, " ", column[i]);
    text += '\n';
    for (const auto& [group, fields] : rows[i].grouped) {
      all[group].insert(fields.begin(), fields.end());
    }
  }
  for (const auto& [group, fields] : all) {
    for (const std::string& field : fields) absl::StrAppend(&text, group, " ", field, "\n");
  }
  return text + totals;
}

// Lines of the first that the second does not have.
std::vector<std::string> Beyond(const std::string& text, const std::string& other) {
  const std::set<std::string> known = absl::StrSplit(other, '\n');
  std::vector<std::string> beyond;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!known.contains(std::string(line))) beyond.emplace_back(line);
  }
  return beyond;
}

TEST(AccessMatrix, IsThatOfTheGoldenFile) {
  const std::vector<Row> rows = Rows();
  int refused = 0;
  for (const Role& role : BuiltInRoles()) refused += RefusedIn(Column(rows, role));
  const int all = static_cast<int>(rows.size() * BuiltInRoles().size());
  std::printf("%d methods, %d roles: %d allowed, %d refused\n", static_cast<int>(rows.size()),
              static_cast<int>(BuiltInRoles().size()), all - refused, refused);
  const std::string path = testing::GoldenFolder() + "/access.txt";
  const std::string table = Table(rows);
  if (testing::UpdatingGolden()) return testing::WriteTextFile(path, table);
  const std::string golden = testing::ReadTextFile(path);
  EXPECT_THAT(Beyond(table, golden), IsEmpty())
      << "New or changed. If that is meant, run this test with KITH_UPDATE_GOLDEN=1, which writes "
         "what is there now, and commit it.";
  EXPECT_THAT(Beyond(golden, table), IsEmpty()) << "Gone.";
  EXPECT_GT(all - refused, 1'000);
  EXPECT_GT(refused, 500);
}

// How far a role reaches with what one of its grants gives, by the others.
Scope WithoutGrant(const Role& role, int left_out) {
  std::vector<Grant> others = GrantsOf(role).permissions;
  const std::string pattern = others[static_cast<size_t>(left_out)].pattern;
  others.erase(others.begin() + left_out);
  return ScopeOf(others, pattern);
}

// Goal: the table is another for every single right. Method: each grant of each role is given
// another scope, and each role loses each of its field groups.
TEST(AccessMatrix, IsAnotherWhereOneRightIs) {
  const std::vector<Row> rows = Rows();
  int flipped = 0;
  for (const Role& role : BuiltInRoles()) {
    const std::vector<std::string> column = Column(rows, role);
    for (int i = 0; i < role.grants_size(); ++i) {
      // What another grant gives as well is no right of its own.
      if (WithoutGrant(role, i) >= GrantsOf(role).permissions[static_cast<size_t>(i)].scope) {
        continue;
      }
      Role changed = role;
      auto& grant = *changed.mutable_grants(i);
      grant.set_scope(grant.scope() == roles::v1::ALL ? roles::v1::OWN : roles::v1::ALL);
      EXPECT_NE(Column(rows, changed), column) << role.name() << ": " << grant.permission();
      ++flipped;
    }
    for (int i = 0; i < role.field_groups_size(); ++i) {
      Role changed = role;
      changed.mutable_field_groups()->SwapElements(i, role.field_groups_size() - 1);
      changed.mutable_field_groups()->RemoveLast();
      EXPECT_NE(Column(rows, changed), column) << role.name();
      ++flipped;
    }
  }
  std::printf("%d rights flipped\n", flipped);
}

// A method that asks for another permission has another line.
TEST(AccessMatrix, IsAnotherWhereAMethodAsksForAnotherPermission) {
  std::vector<Row> rows = Rows();
  const std::string before = Table(rows);
  const auto deletes = std::find_if(rows.begin(), rows.end(), [](const Row& row) {
    return row.method == "kith.deals.v1.DealsService.DeleteDeal";
  });
  ASSERT_NE(deletes, rows.end());
  ASSERT_EQ(deletes->permission, "deals.write");
  deletes->permission = "deals.read";
  const std::vector<std::string> changed = Beyond(Table(rows), before);
  ASSERT_FALSE(changed.empty());
  EXPECT_THAT(changed.front(), StartsWith(deletes->method));
}

}  // namespace
}  // namespace kith
