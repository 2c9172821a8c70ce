// AboutRecords: requests of any method of a kind, about a record that it names.
#pragma once

#include <string>

#include "tests/conformance/world.h"

namespace kith::testing {

class AboutRecords : public ConformanceTest {
 protected:
  // A request of the method about a record of this name, that would be answered.
  MessagePtr About(const MethodDescriptor& method, const std::string& name) {
    const bool creates = &method == kind().create || &method == kind().batch_create;
    const MessagePtr resource = world.Sample(creates ? next_++ : 1);
    if (&method == kind().create) return world.Creating(*resource);
    SetText(*resource, "name", name);
    if (&method == kind().update) {
      // What a link names may be hidden from who asks: a field without one is enough.
      const MessagePtr little = world.Unlinked(1);
      SetText(*little, "name", name);
      return world.Updating(*little, {world.Changeable(*little).front()->name()});
    }
    if (&method == kind().batch_create) return world.Batching(method, {world.Creating(*resource)});
    if (&method == kind().batch_update) {
      return world.Batching(method, {About(*kind().update, name)});
    }
    if (&method == kind().batch_delete) {
      return world.Batching(method, {About(*kind().remove, name)});
    }
    MessagePtr request = NewMessage(*method.input_type());
    if (&method == kind().batch_get) {
      AddText(*request, "names", name);
    } else if (request->GetDescriptor()->FindFieldByName("name") != nullptr) {
      SetText(*request, "name", name);
    }
    return request;
  }

 private:
  int next_ = 10;
};

}  // namespace kith::testing
