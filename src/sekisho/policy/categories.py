"""The built-in tree of data categories, each with its name in W3C DPV (`pd:`) and in fideslang where it has one."""

from __future__ import annotations

from sekisho.policy.model import Category

_TREE = """
name                    pd:Name                      user.name
contact                 pd:Contact                   user.contact
contact.email           pd:EmailAddress              user.contact.email
contact.phone           pd:TelephoneNumber           user.contact.phone_number
contact.postal          pd:PhysicalAddress           user.contact.address
birth                   pd:Age                       user.demographic
birth.date              pd:BirthDate                 user.demographic.date_of_birth
birth.year              pd:AgeExact                  user.demographic
age                     pd:Age                       user.demographic
age.band                pd:AgeRange                  user.demographic.age_range
gender                  pd:Gender                    user.demographic.gender
account                 pd:AccountIdentifier         user.account
account.login           pd:Username                  user.account.username
account.secret          pd:Password                  user.authorization.credentials
commerce                pd:Transactional             user.behavior.purchase_history
commerce.order          pd:Purchase                  user.behavior.purchase_history
commerce.payment        pd:PaymentCard               user.payment
content                 pd:Communication             user.content
content.inquiry         pd:Communication             user.content
content.manuscript      pd:Communication             user.content
content.survey          pd:Opinion                   user.content
employment              pd:Professional              user.workplace
employment.history      pd:EmploymentHistory         user.workplace
employment.role         pd:Professional              user.workplace
employment.result       pd:Professional              user.workplace
organisation            pd:Professional              user.workplace
device                  pd:DeviceBased               user.device
device.report           pd:DeviceSoftware            user.device
device.address          pd:IPAddress                 user.device.ip_address
usage                   pd:Behavioral                user.behavior
usage.product           pd:ServiceConsumptionBehavior user.behavior
usage.site              pd:BrowsingBehavior          user.behavior.browsing_history
identity                pd:OfficialID                user.government_id
"""

BUILT_IN: tuple[Category, ...] = tuple(
    Category(name, dpv=dpv, fides=fides, clause="")
    for name, dpv, fides in (line.split() for line in _TREE.strip().splitlines())
)
