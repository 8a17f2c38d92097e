//! An expression over integers, booleans and the names of constants, without spans.
//!
//! It does not know what the names stand for: `constraint` does.

use syn::{BinOp, Expr, ExprLit, Lit, Path, UnOp};

/// An expression over constants.
#[derive(Clone, Debug)]
pub(super) enum Term {
    Value(Value),
    /// The segments of a path.
    Name(Vec<String>),
    Not(Box<Term>),
    Negative(Box<Term>),
    Binary(Box<Term>, &'static str, Box<Term>),
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(i128),
    Truth(bool),
}

/// The value of `left operator right`; `None` if it has none that is known.
pub(super) fn compute(left: Value, operator: &str, right: Value) -> Option<Value> {
    use Value::{Number, Truth};
    Some(match (left, operator, right) {
        (Number(a), "+", Number(b)) => Number(a.checked_add(b)?),
        (Number(a), "-", Number(b)) => Number(a.checked_sub(b)?),
        (Number(a), "*", Number(b)) => Number(a.checked_mul(b)?),
        (Number(a), "/", Number(b)) => Number(a.checked_div(b)?),
        (Number(a), "%", Number(b)) => Number(a.checked_rem(b)?),
        (Number(a), "<", Number(b)) => Truth(a < b),
        (Number(a), "<=", Number(b)) => Truth(a <= b),
        (Number(a), ">", Number(b)) => Truth(a > b),
        (Number(a), ">=", Number(b)) => Truth(a >= b),
        (a, "==", b) => Truth(a == b),
        (a, "!=", b) => Truth(a != b),
        (Truth(a), "&&", Truth(b)) => Truth(a && b),
        (Truth(a), "||", Truth(b)) => Truth(a || b),
        _ => return None,
    })
}

impl Term {
    /// Adds the names in an expression, as paths, in order.
    pub(super) fn names<'a>(&'a self, names: &mut Vec<&'a [String]>) {
        match self {
            Self::Name(path) => names.push(path),
            Self::Not(inner) | Self::Negative(inner) => inner.names(names),
            Self::Binary(left, _, right) => {
                left.names(names);
                right.names(names);
            }
            Self::Value(_) | Self::Unknown => {}
        }
    }

    pub(super) fn read(expr: &Expr) -> Self {
        match expr {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
                number.base10_parse().map_or(Self::Unknown, |number| Self::Value(Value::Number(number)))
            }
            Expr::Lit(ExprLit { lit: Lit::Bool(truth), .. }) => Self::Value(Value::Truth(truth.value)),
            Expr::Path(path) if path.qself.is_none() => Self::Name(segments(&path.path)),
            Expr::Paren(paren) => Self::read(&paren.expr),
            Expr::Group(group) => Self::read(&group.expr),
            // Values small enough to be settings survive any cast between integers.
            Expr::Cast(cast) => Self::read(&cast.expr),
            Expr::Unary(unary) => match unary.op {
                UnOp::Not(_) => Self::Not(Box::new(Self::read(&unary.expr))),
                UnOp::Neg(_) => Self::Negative(Box::new(Self::read(&unary.expr))),
                _ => Self::Unknown,
            },
            Expr::Binary(binary) => operator(&binary.op).map_or(Self::Unknown, |operator| {
                Self::Binary(
                    Box::new(Self::read(&binary.left)),
                    operator,
                    Box::new(Self::read(&binary.right)),
                )
            }),
            _ => Self::Unknown,
        }
    }
}

fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn operator(operator: &BinOp) -> Option<&'static str> {
    Some(match operator {
        BinOp::Add(_) => "+",
        BinOp::Sub(_) => "-",
        BinOp::Mul(_) => "*",
        BinOp::Div(_) => "/",
        BinOp::Rem(_) => "%",
        BinOp::Lt(_) => "<",
        BinOp::Le(_) => "<=",
        BinOp::Gt(_) => ">",
        BinOp::Ge(_) => ">=",
        BinOp::Eq(_) => "==",
        BinOp::Ne(_) => "!=",
        BinOp::And(_) => "&&",
        BinOp::Or(_) => "||",
        _ => return None,
    })
}
