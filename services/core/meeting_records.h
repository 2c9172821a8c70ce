// The records in whose timelines a meeting stands: the contacts who are invited, the company and
// the deal. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "kith/meetings/v1/meeting.pb.h"

namespace kith {

std::vector<std::string> RecordsOf(const meetings::v1::Meeting& meeting);

}  // namespace kith
