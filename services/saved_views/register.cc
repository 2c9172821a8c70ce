// Everything that saved views bring to a server.
#include <memory>

#include "kith/saved_views/v1/saved_views_errors.pb.h"
#include "kith/saved_views/v1/saved_views_service.pb.h"
#include "projections/saved_views/saved_view_directory.h"
#include "services/runtime/server_builder.h"
#include "services/saved_views/saved_view.h"
#include "services/saved_views/saved_view_fields.h"

namespace kith::saved_views {

const ResourceRules& Rules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<SavedViewAggregate>()
                             .NotFound(v1::SAVED_VIEWS_ERROR_SAVED_VIEW_NOT_FOUND)
                             .LinkNotFound(v1::SAVED_VIEWS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Check(CheckFields)
                             .Build());
  return rules;
}

void Register(runtime::ServerBuilder& server) {
  server.AddResource<SavedViewAggregate, v1::GetSavedViewRequest>(
      Rules(), std::make_unique<SavedViewDirectory>());
}

}  // namespace kith::saved_views
