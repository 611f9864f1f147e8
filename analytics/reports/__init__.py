"""Reports: questions about revenue, answered from facts. One file and two statements each.

A member reads sql/<dialect>/revenue/<its name>.sql with the filters all reports share.
"""

from analytics.reports.filters import ReportQuery
from analytics.reports.gross_revenue import GrossRevenue, gross_revenues
from analytics.reports.invoiced_usage import InvoicedUsage, InvoicedUsageQuery, invoiced_usages

__all__ = [
    "GrossRevenue",
    "InvoicedUsage",
    "InvoicedUsageQuery",
    "ReportQuery",
    "gross_revenues",
    "invoiced_usages",
]
