// The mail template directory: which mail templates there are, and which of them have this name or
// this owner.
#pragma once

#include "kith/mail_templates/v1/mail_template.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::mail_templates {

class MailTemplateDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "mail_template_directory";

  // Beside every field: the words of the name. By index: these, display_name, owner, create_time.
  // Names are compared by their normal forms.
  static const projections::Table<v1::MailTemplate>& MailTemplates();

  MailTemplateDirectory() : ResourceDirectory(kName, 1, "mailTemplates", MailTemplates().core()) {}
};

}  // namespace kith::mail_templates
