#include "projections/mail_templates/mail_template_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::mail_templates {

using projections::Table;
using projections::TableBuilder;

const Table<v1::MailTemplate>& MailTemplateDirectory::MailTemplates() {
  static const auto& table = *new Table<v1::MailTemplate>(
      TableBuilder<v1::MailTemplate>(1)
          .Key([](const v1::MailTemplate& mail_template) { return mail_template.name(); })
          .Words([](const v1::MailTemplate& mail_template, projections::WordSink& out) {
            out.Add(mail_template.display_name());
          })
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("owner")
          .Field("create_time")
          .Index(1, {"display_name"})
          .Index(2, {"owner", "display_name"})
          .Index(3, {"create_time"})
          .Index(4, {"words"})
          .Build());
  return table;
}

}  // namespace kith::mail_templates
