// Everything that custom fields bring to a server.
#include <memory>

#include "kith/custom_fields/v1/custom_fields_errors.pb.h"
#include "kith/custom_fields/v1/custom_fields_service.pb.h"
#include "projections/custom_fields/custom_field_directory.h"
#include "services/core/custom_fields.h"
#include "services/custom_fields/custom_field.h"
#include "services/custom_fields/custom_field_rules.h"
#include "services/runtime/server_builder.h"

namespace kith::custom_fields {
namespace {

const std::string& ResourceOf(const v1::CustomField& wanted) { return wanted.resource(); }

}  // namespace

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<CustomFieldAggregate>()
                             .NotFound(v1::CUSTOM_FIELDS_ERROR_CUSTOM_FIELD_NOT_FOUND)
                             .Beside(kCustomisedClaim, ResourceOf, Place)
                             .Check(CheckFields)
                             .Claim(kCustomisedClaim, CustomisedKeys)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<CustomFieldAggregate, v1::GetCustomFieldRequest>(
      Rules(), std::make_unique<CustomFieldDirectory>());
}

}  // namespace kith::custom_fields
