// Which status of a lead may follow which. Pure functions, any thread.
#pragma once

#include <string>

#include "kith/leads/v1/lead.pb.h"

namespace kith::leads {

struct Transition {
  v1::LeadStatus from;
  v1::LeadStatus to;
};

// All that there are. What becomes of a lead by its owner is among them: ASSIGNED, and NEW again.
// Nothing follows CONVERTED.
inline constexpr Transition kTransitions[] = {
    {v1::NEW, v1::ASSIGNED},           {v1::NEW, v1::CONTACTED},
    {v1::NEW, v1::NURTURING},          {v1::NEW, v1::QUALIFIED},
    {v1::NEW, v1::CONVERTED},          {v1::NEW, v1::DISQUALIFIED},
    {v1::ASSIGNED, v1::NEW},           {v1::ASSIGNED, v1::CONTACTED},
    {v1::ASSIGNED, v1::NURTURING},     {v1::ASSIGNED, v1::QUALIFIED},
    {v1::ASSIGNED, v1::CONVERTED},     {v1::ASSIGNED, v1::DISQUALIFIED},
    {v1::ASSIGNED, v1::RECYCLED},      {v1::CONTACTED, v1::NURTURING},
    {v1::CONTACTED, v1::QUALIFIED},    {v1::CONTACTED, v1::CONVERTED},
    {v1::CONTACTED, v1::DISQUALIFIED}, {v1::CONTACTED, v1::RECYCLED},
    {v1::NURTURING, v1::CONTACTED},    {v1::NURTURING, v1::QUALIFIED},
    {v1::NURTURING, v1::CONVERTED},    {v1::NURTURING, v1::DISQUALIFIED},
    {v1::NURTURING, v1::RECYCLED},     {v1::QUALIFIED, v1::NURTURING},
    {v1::QUALIFIED, v1::CONVERTED},    {v1::QUALIFIED, v1::DISQUALIFIED},
    {v1::QUALIFIED, v1::RECYCLED},     {v1::DISQUALIFIED, v1::RECYCLED},
    {v1::RECYCLED, v1::ASSIGNED},      {v1::RECYCLED, v1::CONTACTED},
    {v1::RECYCLED, v1::NURTURING},     {v1::RECYCLED, v1::QUALIFIED},
    {v1::RECYCLED, v1::CONVERTED},     {v1::RECYCLED, v1::DISQUALIFIED},
};

bool MayBecome(v1::LeadStatus from, v1::LeadStatus to);

// What may follow, in the order of the table: "CONTACTED, NURTURING"; empty where nothing may.
std::string AllowedAfter(v1::LeadStatus from);

}  // namespace kith::leads
