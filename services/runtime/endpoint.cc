#include "services/runtime/endpoint.h"
