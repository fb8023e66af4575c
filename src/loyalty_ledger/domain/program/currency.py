"""Currencies of ISO 4217 that a program can be kept in, with the decimals of their minor unit."""

from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from loyalty_ledger.domain.program.similar import nearest

_TWO = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN
QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD
TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

EXPONENTS: dict[str, int] = {
    code: exponent
    for exponent, codes in ((0, _NONE), (2, _TWO), (3, _THREE), (4, _FOUR))
    for code in codes.split()
}
"""Decimals by code. Metals, test codes and units without a minor unit are left out."""


def exponent_of(currency: str) -> int:
    """Decimals of the currency: 2 for USD, 0 for JPY; KeyError when it is unknown."""
    return EXPONENTS[currency]


def read_currency(value: object) -> str:
    """The ISO 4217 code of a currency in use."""
    if isinstance(value, str) and value in EXPONENTS:
        return value
    near = nearest(str(value).upper(), EXPONENTS)
    hint = f"; did you mean {near!r}?" if near else ""
    raise ValueError(f"{value!r} is not an ISO 4217 currency code such as USD or EUR{hint}")


Currency = Annotated[
    str,
    PlainValidator(read_currency),
    WithJsonSchema({"type": "string", "enum": sorted(EXPONENTS)}),
]
