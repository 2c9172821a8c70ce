// The mail template: what is written to many, with gaps for what is each one's own.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/mail_templates/v1/mail_template.pb.h"
#include "kith/mail_templates/v1/mail_template_events.pb.h"
#include "services/core/resource_rules.h"

namespace kith::mail_templates {

struct MailTemplateAggregate : ResourceAggregate<v1::MailTemplate, v1::MailTemplateEvent> {
  static constexpr absl::string_view kCategory = "mailTemplates";
};

const ResourceRules& Rules();

}  // namespace kith::mail_templates
