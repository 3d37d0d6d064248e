"""What each type of resource says, as `models.clinical.Clinical`. To read another type is to add a line here."""

from collections.abc import Callable, Iterator, Mapping

from connectors.fhir.resources import acts, encounters, medications, observations
from connectors.fhir.telling import Telling
from models.clinical import Clinical

READ: Mapping[str, Callable[[Telling], Iterator[Clinical]]] = {
    "AllergyIntolerance": encounters.allergy,
    "Communication": acts.communication,
    "Condition": encounters.condition,
    "Coverage": encounters.coverage,
    "Device": acts.device,
    "DeviceRequest": acts.device_order,
    "Encounter": encounters.encounter,
    "Immunization": acts.immunization,
    "MedicationAdministration": medications.administration,
    "MedicationDispense": medications.fill,
    "MedicationRequest": medications.order,
    "Observation": observations.observation,
    "Procedure": acts.procedure,
    "QuestionnaireResponse": observations.answers,
    "ServiceRequest": acts.service_order,
    "Task": acts.task,
}
