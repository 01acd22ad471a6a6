"""What a record in JSON may tell beside what every record tells; which field of ASAP a field is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from messages.message import Part

Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Sig = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]+$")]
Time = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$")]
"""A time of day in UTC, as ASAP 5.0 has them (TM)."""
Amount = Annotated[Decimal, Field(ge=0, max_digits=11, strict=False)]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=11, strict=False)]


@dataclass(frozen=True, slots=True)
class Asap:
    """Names the field of ASAP that a field is; of a part that stands in several places, all of its fields in their order."""

    names: str


class DispenserDetails(Part):
    """Where the dispenser is, and of what sort."""

    address: Annotated[Text | None, Asap("PHA05")] = None
    address_2: Annotated[Text | None, Asap("PHA06")] = None
    city: Annotated[Text | None, Asap("PHA07")] = None
    state: Annotated[Text | None, Asap("PHA08")] = None
    zip: Annotated[Text | None, Asap("PHA09")] = None
    phone: Annotated[Text | None, Asap("PHA10")] = None
    contact_name: Annotated[Text | None, Asap("PHA11")] = None
    chain_site_id: Annotated[Text | None, Asap("PHA12")] = None
    permit_number: Annotated[Text | None, Asap("PHA13")] = None
    type: Annotated[Code | None, Asap("PHA14")] = None
    mail_order: Annotated[Code | None, Asap("PHA15")] = None


class Alias(Part):
    """The name that the patient prefers or is also known by."""

    last_name: Annotated[Text | None, Asap("PAT24")] = None
    first_name: Annotated[Text | None, Asap("PAT25")] = None


class AdditionalId(Part):
    """A second identifier of the patient."""

    jurisdiction: Annotated[Text | None, Asap("PAT04")] = None
    qualifier: Annotated[Code | None, Asap("PAT05")] = None
    id: Annotated[Text | None, Asap("PAT06")] = None


class PatientDetails(Part):
    """What else is known of the patient, or of the animal."""

    alias: Alias | None = None
    additional_id: AdditionalId | None = None
    race: Annotated[Code | None, Asap("PAT26")] = None
    ethnicity: Annotated[Code | None, Asap("PAT27")] = None
    animal_species: Annotated[Code | None, Asap("PAT28")] = None
    animal_location: Annotated[Code | None, Asap("PAT29")] = None


class PrescriberDetails(Part):
    """Where the prescriber is."""

    address: Annotated[Text | None, Asap("PRE11")] = None
    address_2: Annotated[Text | None, Asap("PRE12")] = None
    city: Annotated[Text | None, Asap("PRE13")] = None
    state: Annotated[Text | None, Asap("PRE14")] = None
    zip: Annotated[Text | None, Asap("PRE15")] = None


class Ingredient(Part):
    """One ingredient of a compound (ASAP CDI); ``number`` counts 1, 2, 3."""

    number: Annotated[int, Field(ge=0, le=99), Asap("CDI01")]
    product_qualifier: Annotated[Code, Asap("CDI02")] = "01"
    product_id: Annotated[Text, Asap("CDI03")]
    quantity: Annotated[Quantity, Asap("CDI04")]
    dosage_units: Annotated[Code | None, Asap("CDI05")] = None
    schedule: Annotated[Code | None, Asap("CDI06")] = None


class Pharmacist(Part):
    """Who filled the prescription."""

    npi: Annotated[Text | None, Asap("DSP14")] = None
    license_number: Annotated[Text | None, Asap("DSP15")] = None
    last_name: Annotated[Text | None, Asap("DSP35")] = None
    first_name: Annotated[Text | None, Asap("DSP36")] = None


class RxNorm(Part):
    """The product as RxNorm names it."""

    qualifier: Annotated[Text | None, Asap("DSP18")] = None
    code: Annotated[Text | None, Asap("DSP19")] = None


class ElectronicPrescription(Part):
    """What the electronic prescription is known by."""

    reference_number: Annotated[Text | None, Asap("DSP20")] = None
    order_number: Annotated[Text | None, Asap("DSP21")] = None


class Remaining(Part):
    """What is left on the prescription."""

    quantity: Annotated[Amount | None, Asap("DSP29")] = None
    dosage_units: Annotated[Code | None, Asap("DSP30")] = None


class AdditionalPayment(Part):
    """A second way of paying."""

    type: Annotated[Code | None, Asap("DSP32")] = None
    discount_card: Annotated[Code | None, Asap("DSP33")] = None


class Details(Part):
    """What else is known of the dispensing: who filled it, how it was prescribed, what is left of it."""

    pharmacist: Pharmacist | None = None
    written_time: Annotated[Time | None, Asap("DSP26")] = None
    filled_time: Annotated[Time | None, Asap("DSP27")] = None
    sold_time: Annotated[Time | None, Asap("DSP28")] = None
    rxnorm: RxNorm | None = None
    electronic_prescription: ElectronicPrescription | None = None
    quantity_prescribed: Annotated[Amount | None, Asap("DSP22")] = None
    sig: Annotated[Sig | None, Asap("DSP23")] = None
    remaining: Remaining | None = None
    discount_card: Annotated[Code | None, Asap("DSP31")] = None
    additional_payment: AdditionalPayment | None = None
    schedule: Annotated[Code | None, Asap("DSP34")] = None


class Carrier(Part):
    """Who picked the prescription up, or dropped it off."""

    id_jurisdiction: Text | None = None
    id_qualifier: Code | None = None
    id: Text | None = None
    relationship: Code | None = None
    last_name: Text | None = None
    first_name: Text | None = None
    date_of_birth: date | None = None
    address: Text | None = None
    address_2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    zip: Text | None = None
    phone: Text | None = None


_PICKED_UP = Asap("AIR03 AIR04 AIR05 AIR06 AIR07 AIR08 AIR12 AIR13 AIR14 AIR15 AIR16 AIR17 AIR18")
_DROPPED_OFF = Asap("AIR20 AIR21 AIR22 AIR23 AIR24 AIR25 AIR26 AIR27 AIR28 AIR29 AIR30 AIR31 AIR32")


class Additional(Part):
    """The serial number of the form, and who came for it (ASAP AIR)."""

    serial_jurisdiction: Annotated[Text | None, Asap("AIR01")] = None
    serial_number: Annotated[Text | None, Asap("AIR02")] = None
    picked_up_by: Annotated[Carrier | None, _PICKED_UP] = None
    delivery: Annotated[Code | None, Asap("AIR19")] = None
    dropped_off_by: Annotated[Carrier | None, _DROPPED_OFF] = None
