// `kith permissions`: what a key can be granted, and what each permission lets it do.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/options/v1/options.pb.h"
#include "services/cli/commands/commands.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {

absl::Status RunPermissions(Session& session, const std::vector<std::string>& words) {
  if (!words.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", words[0], "\" is one word too many"));
  }
  std::map<std::string, std::vector<std::string>> lets;
  for (const auto& [collection, methods] : session.catalog().collections()) {
    for (const Method& method : methods) {
      const std::string& permission =
          method.descriptor->options().GetExtension(options::v1::method).permission();
      if (!permission.empty()) {
        lets[permission].push_back(absl::StrCat(collection, " ", method.verb));
      }
    }
  }
  // No method asks for it: it lets a service make any call for a user (Authorizer::OnBehalfOf).
  lets["users.impersonate"].push_back("--on-behalf-of USER");
  TextTable table;
  table.AddColumn("PERMISSION", TextTable::Align::kLeft, /*may_cut=*/false);
  table.AddColumn("LETS", TextTable::Align::kLeft, /*may_cut=*/false);
  for (const auto& [permission, commands] : lets) {
    table.AddRow({permission, absl::StrJoin(commands, ", ")});
  }
  table.Print(0, session.out());
  return absl::OkStatus();
}

}  // namespace kith::cli
